import { optionProblems, refuseProblems } from '@kube-authn/core/options'
import { aPath } from '../options/a-path.ts'
import { sourceShape } from '../options/reload-shape.ts'
import { type FileContent, readRegularFile } from './read-file.ts'
import { type FileSource, type ReloadOptions, reloadingSource } from './reloading-source.ts'
import { directoriesOf } from './watch-directories.ts'

/** Options of {@link fileSource}. */
export interface FileSourceOptions<T> extends ReloadOptions {
  /** What the content means. What it throws refuses the content. */
  readonly parse: (content: FileContent) => T
  /** A larger file is refused. Default 64 MiB. */
  readonly maxBytes?: number
}

/**
 * Reads a file now, and again whenever it changes: written in place, replaced by rename, or by a swap of symbolic links as
 * Kubernetes does with mounted secrets.
 *
 * A new version that cannot be read, is empty or is refused changes nothing: the last good one stays in force, and the
 * observer hears of it, once for each bad version.
 *
 * Source: apiserver `pkg/server/dynamiccertificates/dynamic_cafile_content.go` has the same rules for CA files.
 *
 * Deviation: kube-apiserver reads token and password files once (`docs/deviations.md`, reload of credential files).
 *
 * @throws {Error} what reading or parsing throws, for the first version.
 * @example
 * const source = fileSource('tokens.csv', { parse: (content) => tokenFile(content) })
 */
export function fileSource<T>(path: string, options: FileSourceOptions<T>): FileSource<T> {
  refuseProblems(aPath(path, 'path'), optionProblems(sourceShape, options))
  const { parse, maxBytes = 64 * 1024 * 1024, ...reload } = options
  return reloadingSource(
    {
      name: path,
      parameter: 'path',
      read: () => readRegularFile(path, maxBytes),
      isSame: (one, other) => Buffer.compare(one, other) === 0,
      isEmpty: (content) => content.length === 0,
      directories: () => directoriesOf(path),
    },
    parse,
    reload,
  )
}
