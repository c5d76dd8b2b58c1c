import { createHash } from 'node:crypto'
import { lstatSync, mkdirSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'
import { memberOf } from '@kube-authn/core/internal'
import { writeNewFile } from '../terminal/new-file.ts'
import type { LoginOptions } from './options.ts'

/** The tokens of a login. */
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
  write(tokens: Tokens): void
}

/** The place where tokens are kept. Source: XDG Base Directory Specification. */
export function cacheEntry({ issuerUrl, clientId, scope }: LoginOptions, env: NodeJS.ProcessEnv): CacheEntry {
  const key = JSON.stringify([issuerUrl, clientId, [...scope].toSorted()])
  const folder = join(cacheHome(env), 'kube-authn')
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const path = join(folder, `${createHash('sha256').update(key).digest('hex')}.json`)
  return {
    lockPath: `${path}.lock`,
    read: () => (isOnlyOurs(path) ? tokensIn(readFileSync(path, 'utf8')) : undefined),
    write: (tokens) => writeNewFile(path, JSON.stringify(tokens), { replaces: true }),
  }
}

function cacheHome({ XDG_CACHE_HOME = '', HOME = homedir() }: NodeJS.ProcessEnv): string {
  return isAbsolute(XDG_CACHE_HOME) ? XDG_CACHE_HOME : join(HOME, '.cache')
}

/** A file that others can write could have their tokens in it, and one that they can read is theirs too. */
function isOnlyOurs(path: string): boolean {
  const stats = lstatSync(path, { throwIfNoEntry: false })
  if (stats === undefined || !stats.isFile() || stats.size > MAX_BYTES) return false
  // Windows has neither.
  if (process.getuid === undefined) return true
  return stats.uid === process.getuid() && (stats.mode & 0o077) === 0
}

const MAX_BYTES = 1_048_576

/** `undefined` for a file of another version, or a damaged one. */
function tokensIn(text: string): Tokens | undefined {
  try {
    const value: unknown = JSON.parse(text)
    const [idToken, expiresAtMs, refreshToken] = ['idToken', 'expiresAtMs', 'refreshToken'].map((name) =>
      memberOf(value, name),
    )
    if (typeof idToken !== 'string' || typeof expiresAtMs !== 'number') return undefined
    return { idToken, expiresAtMs, ...(typeof refreshToken === 'string' && { refreshToken }) }
  } catch {
    return undefined
  }
}
