import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { afterAll, expect } from 'vitest'
import { codeBlocks } from '../readme/code-blocks.ts'

/** The programs of a page of `docs/recipes`. */
export interface Recipe {
  /** Where the programs are, and the working directory of the test: paths in the programs are relative to it. */
  readonly folder: string
  /** Runs a program, and returns what it exports. */
  load<T>(file: string): Promise<T>
  /** The path of a program that the test runs otherwise. */
  path(file: string): string
}

/** What a recipe needs to run here. */
export interface Setting {
  /** The files that its programs read, by name. */
  readonly files?: Readonly<Record<string, string>>
  /** Parts of its programs that are different here, such as addresses. */
  readonly replace?: Readonly<Record<string, string>>
}

/**
 * Takes the programs from a page of `docs/recipes`: the blocks of TypeScript and JavaScript, each with its file name as a comment in the first line. The
 * test fails if one of them has no name, or was not run.
 */
export function recipe(page: string, { files = {}, replace = {} }: Setting = {}): Recipe {
  const text = readFileSync(new URL(`../../docs/recipes/${page}.md`, import.meta.url), 'utf8')
  const folder = fileURLToPath(new URL(`.generated/${page}`, import.meta.url))
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  process.chdir(folder)
  for (const [name, content] of Object.entries(files)) writeFileSync(`${folder}/${name}`, content)

  const unused = new Set<string>()
  const missing = new Set(Object.keys(replace))
  for (const { code, language, line } of codeBlocks(text)) {
    if (!['ts', 'js'].includes(language)) continue
    const [, name] = /^\/\/ ([\w.-]+\.m?[jt]s)$/m.exec(code.split('\n')[0] ?? '') ?? []
    if (name === undefined)
      throw new Error(`docs/recipes/${page}.md:${line} has no file name in its first line`)
    let program = code
    for (const [from, to] of Object.entries(replace)) {
      if (!program.includes(from)) continue
      missing.delete(from)
      program = program.replaceAll(from, to)
    }
    writeFileSync(`${folder}/${name}`, program)
    unused.add(name)
  }
  if (missing.size > 0) throw new Error(`docs/recipes/${page}.md does not contain ${[...missing].join(', ')}`)
  afterAll(() => expect([...unused], `programs of docs/recipes/${page}.md that no test runs`).toEqual([]))

  const path = (file: string): string => {
    unused.delete(file)
    return `${folder}/${file}`
  }
  return { folder, path, load: (file) => import(pathToFileURL(path(file)).href) }
}

/** Sends a request to a path of an app. */
export type Ask = (path: string, init?: RequestInit) => Promise<Response>

/** Serves an app of Express or Koa (`app.callback()`) until the tests of the file end. */
export async function serve(app: (req: IncomingMessage, res: ServerResponse) => unknown): Promise<Ask> {
  const server = createServer((req, res) => void app(req, res))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  afterAll(() => {
    server.close()
    server.closeAllConnections()
  })
  const { port } = server.address() as AddressInfo
  return (path, init) => fetch(`http://127.0.0.1:${port}${path}`, init)
}

/** The headers of a request with a bearer token. */
export function bearer(token: string): { readonly authorization: string } {
  return { authorization: `Bearer ${token}` }
}

/** The headers of a request with a password. */
export function basic(username: string, password: string): { readonly authorization: string } {
  return { authorization: `Basic ${btoa(`${username}:${password}`)}` }
}
