import { defined, errorOf, systemClock } from '@kube-authn/core/internal'
import type { ReloadOptions } from '../file-source/reloading-source.ts'
import type { Credential } from './endpoint.ts'
import { notify } from '@kube-authn/core/adapter'
import { readTextFile } from '../file-source/read-file.ts'

export interface ShownCredential {
  readonly authorization: () => string | undefined
  /** What must be kept out of logs. */
  readonly secrets: () => readonly string[]
}

export const NO_CREDENTIAL: ShownCredential = { authorization: () => undefined, secrets: () => [] }

/** A credential as it is sent. A token file is read again about once a minute. @throws {Error} if a token file cannot be used. */
export function shownCredential(credential: Credential | undefined, options: ReloadOptions): ShownCredential {
  switch (credential?.type) {
    case 'token':
      return shownToken(() => credential.token)
    case 'tokenFile': {
      const { path, token } = credential
      return shownToken(bearerTokenFile(path, { ...options, ...defined({ token }) }))
    }
    case 'basic': {
      const { username, password } = credential
      const pair = Buffer.from(`${username}:${password}`, 'utf8').toString('base64')
      return { authorization: () => `Basic ${pair}`, secrets: () => [pair, password] }
    }
    default:
      return NO_CREDENTIAL
  }
}

function shownToken(current: () => string): ShownCredential {
  return { authorization: () => `Bearer ${current()}`, secrets: () => [current()] }
}

/** A minute, minus ten seconds so that a token about to expire is not used. */
const READ_EVERY_MS = 50_000

/**
 * The token in a file, trimmed, reloaded if it was read 50 seconds ago or earlier. While the file cannot be used, the last good token stays.
 *
 * Source: client-go `transport/token_source.go`.
 *
 * @param options `token`: the one until the file can be read. Default: the file must be readable at once.
 * @throws {Error} if the file cannot be used and there is no other token.
 */
function bearerTokenFile(
  path: string,
  options: Pick<ReloadOptions, 'observer' | 'clock'> & { readonly token?: string },
): () => string {
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
      const failure = errorOf(error, 'the file cannot be read')
      if (failure.message !== refused) {
        notify(observer, { type: 'reload', source: path, outcome: 'failed', error: failure })
      }
      refused = failure.message
    }
    return token
  }
}

/** The token in a file. @throws {Error} if the file cannot be read, is empty, or has characters that a header cannot carry. */
export function readToken(path: string): string {
  const token = readTextFile(path).trim()
  if (token === '') throw new Error(`${path}: it contains no token`)
  if (!isToken(token)) throw new Error(`${path}: it contains characters that are not allowed in a token`)
  return token
}

/** Whether the token is valid in a header. */
export function isToken(text: string): boolean {
  return /^[\x21-\x7e]+$/.test(text)
}
