import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'

/** A folder of recorded responses of a kube-apiserver: `test/conformance/live/README.md` describes the format. */
export interface Recordings {
  readonly folder: string
  has(path: string): boolean
  /** The names of the entries of a folder, without the suffix `.gz`. */
  files(folder: string): readonly string[]
  /** The content of a file, which may be compressed with the suffix `.gz`. */
  text(path: string): string
  /** A file with one JSON value. */
  json(path: string): unknown
  /** A file with one JSON value per line. */
  lines(path: string): readonly unknown[]
}

export function recordingsOf(folder: string): Recordings {
  const found = (path: string): string | undefined =>
    [path, `${path}.gz`].map((name) => join(folder, name)).find((name) => existsSync(name))
  const text = (path: string): string => {
    const name = found(path)
    if (name === undefined) throw new Error(`${path} is not in ${folder}`)
    const content = readFileSync(name)
    return (name.endsWith('.gz') ? gunzipSync(content) : content).toString('utf8')
  }
  return {
    folder,
    has: (path) => found(path) !== undefined,
    files: (path) =>
      existsSync(join(folder, path))
        ? [...new Set(readdirSync(join(folder, path)).map((name) => name.replace(/\.gz$/, '')))].toSorted()
        : [],
    text,
    json: (path) => JSON.parse(text(path)) as unknown,
    lines: (path) =>
      text(path)
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as unknown),
  }
}
