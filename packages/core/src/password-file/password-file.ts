import type { Authentication, PasswordAuthenticator } from '../authenticator.ts'
import { andThen } from '../awaitable.ts'
import { type Clock, systemClock } from '../clock.ts'
import { aCsvText, CredentialFileError, readCredentials } from '../csv/credential-records.ts'
import { keyedDigest } from '../digest/keyed-digest.ts'
import { notify, type Observer } from '../events.ts'
import { limitConcurrency } from '../limit-concurrency.ts'
import {
  aBoolean,
  aClock,
  aFunction,
  aString,
  atLeast,
  optionProblems,
  type OptionsShape,
  refuseProblems,
  wholeNumber,
} from '../options/index.ts'
import { parsePasswordHash } from './parse-password-hash.ts'
import { hashedPassword, plainPassword, type PasswordVerifier } from './verifiers.ts'

/** Options of {@link passwordFile}. */
export interface PasswordFileOptions {
  /** How the file is called in errors and events. Default `password file`. */
  readonly file?: string
  /** Told of repeated users, of passwords in plain text, and of what looks like a mistake. */
  readonly observer?: Observer
  /** Let users in who have an empty password, or the hash of one. Default `false`. */
  readonly allowEmptyPasswords?: boolean
  /** How many hashed passwords are checked at once. Default 2; Workers bound that themselves. */
  readonly maxConcurrentChecks?: number
  /** How many more checks may wait; beyond that a check is *unavailable*. Default 64. */
  readonly maxWaitingChecks?: number
  /** How long a hashed password that was right is remembered, as a keyed digest. Default 10; 0 checks it every time. */
  readonly rememberSeconds?: number
  readonly clock?: Clock
}

/** The checks of {@link PasswordFileOptions}, for packages whose options have more. */
export const passwordFileShape: OptionsShape<PasswordFileOptions> = {
  file: aString,
  observer: aFunction,
  allowEmptyPasswords: aBoolean,
  maxConcurrentChecks: wholeNumber(1),
  maxWaitingChecks: wholeNumber(0),
  rememberSeconds: atLeast(0),
  clock: aClock,
}

/**
 * Knows the passwords of a CSV file: password, user name, user uid and, optionally, groups in quotes (`--basic-auth-file`).
 *
 * A password is plain text, or a hash: bcrypt (`$2a$`, `$2b$`, `$2y$`, as `htpasswd -B` writes), `$scrypt$` or `$argon2id$`.
 * The last record of a user counts. A check takes as long for a user who is not in the file as for one who is.
 *
 * Source: release-1.18 `plugin/pkg/authenticator/password/passwordfile`; PHC string format.
 *
 * Deviation: hashes are Kubernetes' plain text; an empty password or user name is refused at load
 * (`docs/deviations.md`, hashed passwords; empty password; empty user name).
 *
 * @param csv the content of the file. Bytes are best: they need not be UTF-8.
 * @throws {CredentialFileError} when a record is short or empty, a hash is malformed, unknown or too costly, or the quoting
 *   is wrong.
 * @throws {ConfigurationError} when a number cannot work.
 * @example
 * const passwords = passwordFile('$2b$12$8NwDMl9Vd0a6hyb7CpnAKeGCtMEuQwbHyDNtdWGyTnHuzXIcIYCG6,jane,1,"admins,ops"')
 */
export function passwordFile(
  csv: string | Uint8Array,
  options: PasswordFileOptions = {},
): PasswordAuthenticator {
  refuseProblems(aCsvText(csv, 'csv'), optionProblems(passwordFileShape, options))
  const file = options.file ?? 'password file'
  const digest = keyedDigest()
  const hashed = {
    digest,
    clock: options.clock ?? systemClock,
    rememberMs: (options.rememberSeconds ?? 10) * 1000,
    limit: limitConcurrency({
      maxRunning: options.maxConcurrentChecks ?? 2,
      maxWaiting: options.maxWaitingChecks ?? 64,
      tooMany: 'too many passwords are being checked',
    }),
  }
  const entries = new Map<string, PasswordEntry>()
  let plainTexts = 0

  const verifierFor = (password: string, line: number): PasswordVerifier => {
    const hash = parsePasswordHash(password)
    if (hash === undefined) {
      plainTexts++
      return plainPassword(password, digest)
    }
    if (typeof hash === 'string') throw new CredentialFileError(file, `line ${line}: ${hash}`)
    return hashedPassword(hash, hashed)
  }

  readCredentials(csv, {
    kind: 'password file',
    file,
    observer: options.observer,
    allowEmptyUsernames: false,
    onRecord({ secret, user, number: record, line }, notice) {
      if (secret === '' && options.allowEmptyPasswords !== true) {
        throw new CredentialFileError(file, `line ${line}: the password is empty`)
      }
      if (entries.has(user.username)) {
        notice({
          severity: 'warning',
          code: 'duplicateUser',
          record,
          message: `record ${record} replaces an earlier one of the same user`,
        })
      }
      entries.set(user.username, { authentication: { user }, verify: verifierFor(secret, line) })
    },
  })
  if (plainTexts > 0) {
    notify(options.observer, {
      type: 'fileNotice',
      file,
      notice: {
        severity: 'advice',
        code: 'plainTextPasswords',
        message: `passwords in plain text: ${plainTexts}; hash them with bcrypt, scrypt or argon2id`,
      },
    })
  }

  const decoys = [...entries.values()]
  /** An entry to spend time on for somebody who is not in the file: always the same one for the same name. */
  const decoyFor = (username: string): PasswordEntry | undefined =>
    decoys.length === 0 ? undefined : decoys[digest(username).charCodeAt(0) % decoys.length]

  return {
    name: 'passwordFile',
    authenticatePassword(username, password) {
      const known = entries.get(username)
      const entry = known ?? decoyFor(username)
      if (entry === undefined) return undefined
      const isAllowed = password !== '' || options.allowEmptyPasswords === true
      return andThen(entry.verify(password), (isRight) =>
        isRight && isAllowed ? known?.authentication : undefined,
      )
    },
  }
}

interface PasswordEntry {
  readonly authentication: Authentication
  readonly verify: PasswordVerifier
}
