import { sha256 } from '#sha256'
import type { TokenAuthenticator } from '../../authenticator/authenticator.ts'
import { aCsvText, fileNotice, readCredentials } from '../../internal/csv/credential-records.ts'
import { keyedDigest } from '../../internal/digest/keyed-digest.ts'
import type { Observer } from '../../authenticator/events.ts'
import { finish, type Steps } from '../../internal/steps.ts'
import { DigestList, RowTable, UserTable } from '../../internal/csv/packed-rows.ts'
import {
  aFunction,
  aString,
  optionProblems,
  type OptionsShape,
  refuseProblems,
} from '../../internal/options/index.ts'

/** Options of {@link tokenFile}. */
export interface TokenFileOptions {
  /** The name of the file in errors and events. Default `token file`. */
  readonly source?: string
  /** Receives notices of empty tokens, duplicate tokens and likely mistakes. */
  readonly observer?: Observer
}

const shape: OptionsShape<TokenFileOptions> = { source: aString, observer: aFunction }

/**
 * Authenticates the bearer tokens of a CSV file: token, username, uid and, optionally, groups in quotes (`--token-auth-file`).
 *
 * Records with an empty token are skipped, and the last record of a token wins; both cause a warning. Tokens are stored as keyed digests:
 * comparison is byte-exact, and its time does not depend on the content of a wrong token. Tokens that are longer than those of the file are
 * ruled out at once.
 *
 * Source: apiserver `pkg/authentication/token/tokenfile`.
 *
 * @param csv the content of the file. Prefer bytes: they need not be UTF-8.
 * @throws {CredentialFileError} if a record has too few columns or no username, or the quoting is invalid.
 * @throws {ConfigurationError} if an option is invalid.
 * @example
 * const tokens = tokenFile('31ada4fd-adec-460c-809a-9e56ceb75269,jane,1,"admins,ops"')
 */
export function tokenFile(csv: string | Uint8Array, options: TokenFileOptions = {}): TokenAuthenticator {
  return finish(tokenFileSteps(csv, options))
}

/**
 * Like {@link tokenFile}, in steps of a few milliseconds, so that a large file does not block the event loop: run the generator to its end
 * and yield between steps. The input must not change meanwhile.
 *
 * @throws {ConfigurationError} if an option is invalid. A step throws a {@link CredentialFileError} as `tokenFile` does.
 */
export function tokenFileSteps(
  csv: string | Uint8Array,
  options: TokenFileOptions = {},
): Steps<TokenAuthenticator> {
  refuseProblems(aCsvText(csv, 'csv'), optionProblems(shape, options))
  return stepsOf(csv, options)
}

const LENGTH_STEP = 256

function* stepsOf(csv: string | Uint8Array, options: TokenFileOptions): Steps<TokenAuthenticator> {
  const digest = keyedDigest(sha256)
  const users = new UserTable()
  /** The digests of the tokens, by row. */
  const digests = new DigestList()
  const rows = new RowTable((row, key) => digests.at(row) === key)
  let longest = 0
  yield* readCredentials(csv, {
    credential: 'token',
    file: options.source ?? 'token file',
    observer: options.observer,
    isSkipped(token, record, notice) {
      if (token !== '') return false
      notice(
        fileNotice('warning', 'emptyToken', `record ${record} has an empty token and is skipped`, record),
      )
      return true
    },
    onRecord({ secret, username, uid, groups, number: record }, notice) {
      longest = Math.max(longest, secret.length)
      const key = digest(secret)
      digests.add(key)
      if (rows.set(key, users.add(username, uid, groups)) === undefined) return
      const message = `record ${record} replaces an earlier one with the same token`
      notice(fileNotice('warning', 'duplicateToken', message, record))
    },
  })
  users.close()
  const maxLength = Math.ceil(longest / LENGTH_STEP) * LENGTH_STEP
  return {
    name: 'tokenFile',
    authenticateToken(token) {
      // Saves the digest of long tokens such as JWTs. The limit is rounded, so it does not reveal the length of the longest token.
      if (token.length > maxLength) return undefined
      const row = rows.get(digest(token))
      return row === undefined ? undefined : users.at(row)
    },
  }
}
