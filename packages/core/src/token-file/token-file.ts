import type { Authentication, TokenAuthenticator } from '../authenticator.ts'
import { aCsvText, readCredentials } from '../csv/credential-records.ts'
import { keyedDigest } from '../digest/keyed-digest.ts'
import type { Observer } from '../events.ts'
import { aFunction, aString, optionProblems, type OptionsShape, refuseProblems } from '../options/index.ts'

/** Options of {@link tokenFile}. */
export interface TokenFileOptions {
  /** How the file is called in errors and events. Default `token file`. */
  readonly file?: string
  /** Told of empty and repeated tokens, and of what looks like a mistake. */
  readonly observer?: Observer
}

const shape: OptionsShape<TokenFileOptions> = { file: aString, observer: aFunction }

/**
 * Knows the bearer tokens of a CSV file: token, user name, user uid and, optionally, groups in quotes
 * (`--token-auth-file`).
 *
 * Records with an empty token are skipped, and the last record of a token counts; both are warnings. Tokens are kept as
 * keyed digests, so what is compared is exact to the byte and takes the same time for every wrong token.
 *
 * Source: apiserver `pkg/authentication/token/tokenfile`.
 *
 * @param csv the content of the file. Bytes are best: they need not be UTF-8.
 * @throws {CredentialFileError} when a record is short, a user has no name, or the quoting is wrong.
 * @throws {ConfigurationError} when an option cannot work.
 * @example
 * const tokens = tokenFile('31ada4fd-adec-460c-809a-9e56ceb75269,jane,1,"admins,ops"')
 */
export function tokenFile(csv: string | Uint8Array, options: TokenFileOptions = {}): TokenAuthenticator {
  refuseProblems(aCsvText(csv, 'csv'), optionProblems(shape, options))
  const digest = keyedDigest()
  const authentications = new Map<string, Authentication>()
  readCredentials(csv, {
    kind: 'token file',
    file: options.file ?? 'token file',
    observer: options.observer,
    allowEmptyUsernames: false,
    isSkipped(token, record, notice) {
      if (token !== '') return false
      notice({
        severity: 'warning',
        code: 'emptyToken',
        record,
        message: `record ${record} has an empty token and is skipped`,
      })
      return true
    },
    onRecord({ secret, user, number: record }, notice) {
      const key = digest(secret)
      if (authentications.has(key)) {
        notice({
          severity: 'warning',
          code: 'duplicateToken',
          record,
          message: `record ${record} replaces an earlier one with the same token`,
        })
      }
      authentications.set(key, { user })
    },
  })
  return {
    name: 'tokenFile',
    authenticateToken: (token) => authentications.get(digest(token)),
  }
}
