import type { ReloadOptions } from '../file-source/reloading-source.ts'
import { reloadOf } from '../options/reload-options.ts'
import { bearerTokenFile } from './bearer-token-file.ts'
import type { Credential } from './endpoint.ts'

/** The current credential. */
export interface ShownCredential {
  /** The value of `Authorization`. */
  readonly authorization: () => string | undefined
  /** What must be kept out of logs. */
  readonly secrets: () => readonly string[]
}

/** No credential. */
export const NO_CREDENTIAL: ShownCredential = { authorization: () => undefined, secrets: () => [] }

/**
 * A credential as it is sent. A token file is read again about once a minute.
 *
 * @throws {Error} if a token file cannot be used.
 */
export function shownCredential(credential: Credential | undefined, options: ReloadOptions): ShownCredential {
  switch (credential?.type) {
    case 'token':
      return shownToken(() => credential.token)
    case 'tokenFile': {
      const { path, token } = credential
      return shownToken(
        bearerTokenFile(path, {
          ...reloadOf(options),
          ...(token !== undefined && { token }),
        }),
      )
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
