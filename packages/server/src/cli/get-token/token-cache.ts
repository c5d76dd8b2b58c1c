import { createHash } from 'node:crypto'
import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'
import { memberOf } from '@kube-authn/core/internal'
import { parsedJson } from '../terminal/input.ts'
import { makeFolder, writeNewFile } from '../terminal/new-file.ts'
import type { LoginOptions } from './options.ts'

export interface Tokens {
  readonly idToken: string
  /** When the ID token expires, in milliseconds since the epoch. */
  readonly expiresAtMs: number
  readonly refreshToken?: string
}

/** The kept tokens of one issuer, client and set of scopes. */
export interface CacheEntry {
  readonly lockPath: string
  /** `undefined` if there are none, or others could have read or written them. */
  read(): Tokens | undefined
  write(tokens: Tokens): Promise<void>
}

/** The place where tokens are kept. Source: XDG Base Directory Specification. */
export function cacheEntry({ issuerUrl, clientId, scope }: LoginOptions, env: NodeJS.ProcessEnv): CacheEntry {
  const key = JSON.stringify([issuerUrl, clientId, [...scope].toSorted()])
  const folder = join(cacheHome(env), 'kube-authn')
  makeFolder(folder)
  const path = join(folder, `${createHash('sha256').update(key).digest('hex')}.json`)
  return {
    lockPath: `${path}.lock`,
    read: () => tokensIn(readOwn(path)),
    write: (tokens) => writeNewFile(path, JSON.stringify(tokens), { replaces: true }),
  }
}

function cacheHome({ XDG_CACHE_HOME = '', HOME = homedir() }: NodeJS.ProcessEnv): string {
  return isAbsolute(XDG_CACHE_HOME) ? XDG_CACHE_HOME : join(HOME, '.cache')
}

/**
 * The content of a file of this user. A file that others can write could have their tokens in it, and one that they can read is theirs too: then, and
 * if there is none, it is `''`. The file that was checked is the one that is read.
 */
function readOwn(path: string): string {
  let descriptor: number
  try {
    descriptor = openSync(path, constants.O_RDONLY | NO_LINK)
  } catch {
    return ''
  }
  try {
    const stats = fstatSync(descriptor)
    // Windows has neither users nor modes.
    const isOurs =
      process.getuid === undefined || (stats.uid === process.getuid() && (stats.mode & 0o077) === 0)
    return isOurs && stats.isFile() && stats.size <= MAX_BYTES ? readFileSync(descriptor, 'utf8') : ''
  } finally {
    closeSync(descriptor)
  }
}

/** Opening a link fails, and a pipe does not wait for a writer. Windows has neither. */
const NO_LINK = (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0)
const MAX_BYTES = 1_048_576

/** `undefined` for a file of another version, or a damaged one. */
function tokensIn(text: string): Tokens | undefined {
  const kept = parsedJson(text)
  const [idToken, expiresAtMs, refreshToken] = ['idToken', 'expiresAtMs', 'refreshToken'].map((name) =>
    memberOf(kept, name),
  )
  if (typeof idToken !== 'string' || typeof expiresAtMs !== 'number') return undefined
  return { idToken, expiresAtMs, ...(typeof refreshToken === 'string' && { refreshToken }) }
}
