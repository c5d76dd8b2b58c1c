import type { TokenAuthenticator } from '../../authenticator/authenticator.ts'
import { aCsvText, readCredentials } from '../../internal/csv/credential-records.ts'
import { keyedDigest } from '../../internal/digest/keyed-digest.ts'
import type { Observer } from '../../authenticator/events.ts'
import { finish, type Steps } from '../../internal/steps.ts'
import { DigestTable } from '../../internal/digest/digest-table.ts'
import { UserTable } from '../../internal/csv/user-table.ts'
import {
  aFunction,
  aString,
  optionProblems,
  type OptionsShape,
  refuseProblems,
} from '../../internal/options/index.ts'

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
 * keyed digests, so what is compared is exact to the byte and takes the same time for every wrong token that is no longer than those in the
 * file may be.
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
  return finish(tokenFileSteps(csv, options))
}

/**
 * The same in steps of a few milliseconds, for a file that is large while others wait: run the generator to its end, and let them run
 * between two steps. What it was made from must not change meanwhile.
 *
 * @throws {ConfigurationError} when an option cannot work; a step throws a {@link CredentialFileError} as `tokenFile` does.
 * @example
 * const steps = tokenFileSteps(csv)
 * let step = steps.next()
 * for (; !step.done; step = steps.next()) await new Promise((resolve) => setImmediate(resolve))
 * const tokens = step.value
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
  const digest = keyedDigest()
  const rows = new DigestTable()
  const users = new UserTable()
  let longest = 0
  yield* readCredentials(csv, {
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
    onRecord({ secret, username, uid, groups, number: record }, notice) {
      longest = Math.max(longest, secret.length)
      if (rows.set(digest(secret), users.add(username, uid, groups)) === undefined) return
      notice({
        severity: 'warning',
        code: 'duplicateToken',
        record,
        message: `record ${record} replaces an earlier one with the same token`,
      })
    },
  })
  users.close()
  const maxLength = Math.ceil(longest / LENGTH_STEP) * LENGTH_STEP
  return {
    name: 'tokenFile',
    authenticateToken(token) {
      // A JWT is longer than what files have, and to digest it takes a while. How long the longest token is exactly does not show.
      if (token.length > maxLength) return undefined
      const row = rows.get(digest(token))
      return row === undefined ? undefined : users.at(row)
    },
  }
}
