import { type Clock, notify, type Observer, systemClock } from '@kube-authn/core'
import { readTextFile } from '../file-source/read-file.ts'

/** Options of {@link bearerTokenFile}. */
export interface BearerTokenFileOptions {
  /** What counts until the file can be read. Default: the file must be there. */
  readonly token?: string
  /** Told when the file cannot be used; the last good token stays. */
  readonly observer?: Observer
  readonly clock?: Clock
}

const MAX_BYTES = 1_048_576

/** A minute, and ten seconds early so that a token which is about to expire is not used. */
const READ_EVERY_MS = 50_000

/**
 * The token in a file, without the white space around it, read again when it was read 50 seconds ago. While the file cannot be
 * used, the last good token stays.
 *
 * Source: client-go `transport/token_source.go`.
 *
 * @throws {Error} when the file cannot be used, and there is no other token.
 */
export function bearerTokenFile(path: string, options: BearerTokenFileOptions = {}): () => string {
  const { observer, clock = systemClock } = options
  let token = options.token ?? readToken(path)
  let readAtMs = options.token === undefined ? clock.now() : -Infinity
  let refused = ''

  return () => {
    const now = clock.now()
    if (Math.abs(now - readAtMs) < READ_EVERY_MS) return token
    try {
      token = readToken(path)
      readAtMs = now
      refused = ''
    } catch (error) {
      const failure = error instanceof Error ? error : new Error(String(error))
      if (failure.message !== refused) {
        notify(observer, { type: 'reload', source: path, outcome: 'failed', error: failure })
      }
      refused = failure.message
    }
    return token
  }
}

/**
 * The token in a file.
 *
 * @throws {Error} when the file cannot be read, is empty, or has what no header can carry.
 */
export function readToken(path: string): string {
  const token = readTextFile(path, MAX_BYTES).trim()
  if (token === '') throw new Error(`${path}: there is no token in it`)
  if (!isToken(token)) throw new Error(`${path}: it has characters that a token cannot have`)
  return token
}

/** Whether it can stand in a header. */
export function isToken(text: string): boolean {
  return /^[\x21-\x7e]+$/.test(text)
}
