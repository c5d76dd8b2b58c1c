import type { Authentication, PasswordAuthenticator } from '../../authenticator/authenticator.ts'
import type { Context } from '../../authenticator/context.ts'
import { andThen, type Awaitable } from '../../internal/awaitable.ts'
import { isEqualInConstantTime } from '../../internal/compare.ts'
import { DigestList, RowTable, UserTable } from '../../internal/csv/packed-rows.ts'
import type { FileNotice, Observer } from '../../authenticator/events.ts'
import { notify } from '../../authenticator/notify.ts'
import { type Clock, systemClock } from '../../internal/clock.ts'
import { compact } from '../../internal/compact.ts'
import {
  aCsvText,
  CredentialFileError,
  type CredentialRecord,
  fileNotice,
  readCredentials,
} from '../../internal/csv/credential-records.ts'
import { keyedDigest } from '../../internal/digest/keyed-digest.ts'
import { sha256 } from '#sha256'
import { type FairLimit, fairLimit } from '../../internal/fair-limit/fair-limit.ts'
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
} from '../../internal/options/index.ts'
import { finish, type Steps } from '../../internal/steps.ts'
import { processWorkers, spareCores } from '../workers/password-workers.ts'
import {
  checkHashes,
  hashedPassword,
  type HashedPasswordOptions,
  type PasswordVerifier,
} from './hashed-password.ts'
import { parsePasswordHash } from './parse-password-hash.ts'
import type { PasswordHash } from './password-hash.ts'

/** Options of {@link passwordFile}. */
export interface PasswordFileOptions {
  /** The name of the file in errors and events. Default `password file`. */
  readonly source?: string
  /** Receives notices of duplicate users, plain text passwords and likely mistakes. */
  readonly observer?: Observer
  /** Whether to accept empty passwords and their hashes. Default `false`. */
  readonly allowEmptyPasswords?: boolean
  /**
   * How many hashed passwords are checked at once. Default 2, but for hashes checked in worker threads at most one per core besides the
   * core that serves requests. Cloudflare Workers have their own limit.
   */
  readonly maxConcurrent?: number
  /** How many further checks may wait, for at most ten seconds. Beyond that, checks are *unavailable*: a 503 with `Retry-After`. Default 256. */
  readonly maxWaiting?: number
  /** How long a correct password is cached, as a keyed digest, to save its hash check. Default 10; 0 disables it. */
  readonly successTtlSeconds?: number
  readonly clock?: Clock
}

/** The checks of {@link PasswordFileOptions}, for packages that extend these options. */
export const passwordFileShape: OptionsShape<PasswordFileOptions> = {
  source: aString,
  observer: aFunction,
  allowEmptyPasswords: aBoolean,
  maxConcurrent: wholeNumber(1),
  maxWaiting: wholeNumber(0),
  successTtlSeconds: atLeast(0),
  clock: aClock,
}

/**
 * Authenticates users by the passwords of a CSV file: password, username, uid and, optionally, groups in quotes (`--basic-auth-file`).
 *
 * A password is plain text or a hash: bcrypt (`$2a$`, `$2b$`, `$2y$`, as written by `htpasswd -B`), `$scrypt$` or `$argon2id$`. The last
 * record of a user wins. A check takes as long for an unknown user as for a known one.
 *
 * bcrypt hashes, and argon2id hashes below Node 24.7, are checked in worker threads if the runtime has them, so that other requests are not
 * blocked. Waiting checks are scheduled fairly by username and address; passwords that were correct within the last hour are preferred.
 *
 * Source: release-1.18 `plugin/pkg/authenticator/password/passwordfile`; PHC string format.
 *
 * Deviation: Kubernetes reads hashes as plain text; an empty password or username is refused at load
 * (`docs/deviations.md`, hashed passwords; empty password; empty user name).
 *
 * @param csv the content of the file. Prefer bytes: they need not be UTF-8.
 * @throws {CredentialFileError} if a record has too few columns, no password or no username, a hash is malformed, unknown or too expensive,
 *   or the quoting is invalid.
 * @throws {ConfigurationError} if an option is invalid.
 * @example
 * const passwords = passwordFile('$2b$12$8NwDMl9Vd0a6hyb7CpnAKeGCtMEuQwbHyDNtdWGyTnHuzXIcIYCG6,jane,1,"admins,ops"')
 */
export function passwordFile(
  csv: string | Uint8Array,
  options: PasswordFileOptions = {},
): PasswordAuthenticator {
  return finish(passwordFileSteps(csv, options))
}

/**
 * Like {@link passwordFile}, in steps of a few milliseconds, so that a large file does not block the event loop: see `tokenFileSteps`. The
 * input must not change meanwhile.
 *
 * @throws {ConfigurationError} if an option is invalid. A step throws a {@link CredentialFileError} as `passwordFile` does.
 */
export function passwordFileSteps(
  csv: string | Uint8Array,
  options: PasswordFileOptions = {},
): Steps<PasswordAuthenticator> {
  refuseProblems(aCsvText(csv, 'csv'), optionProblems(passwordFileShape, options))
  return stepsOf(csv, options)
}

function* stepsOf(csv: string | Uint8Array, options: PasswordFileOptions): Steps<PasswordAuthenticator> {
  const { source: file = 'password file', observer, allowEmptyPasswords = false } = options
  const digest = keyedDigest(sha256)
  const table = new PasswordTable(digest)
  const verifierOf = makeVerifiers(file, options, digest)
  let plainTexts = 0
  yield* readCredentials(csv, {
    credential: 'password',
    file,
    observer,
    onRecord(record, notice) {
      const { secret, username, line, number } = record
      if (secret === '' && !allowEmptyPasswords) {
        throw new CredentialFileError(file, `line ${line}: the password is empty`)
      }
      if (table.has(username)) {
        const message = `record ${number} replaces an earlier one of the same user`
        notice(fileNotice('warning', 'duplicateUser', message, number))
      }
      if (/^\$argon2\w*\$/.test(secret) && /^[tp]=\d/.test(username)) {
        throw new CredentialFileError(file, `line ${line}: put the hash in quotes, since it contains commas`)
      }
      if (/^\$(?:2[aby]|scrypt|argon2\w*)\$/.test(username)) {
        const message = `record ${number} has a password hash as username; the columns are password, username, uid`
        notice(fileNotice('advice', 'hashAsUsername', message, number))
      }
      const hash = parsePasswordHash(secret)
      if (typeof hash === 'string') throw new CredentialFileError(file, `line ${line}: ${hash}`)
      if (hash === undefined) plainTexts++
      table.add(record, hash === undefined ? secret : verifierOf(hash, compact(secret)))
    },
  })
  table.close()
  if (plainTexts > 0) {
    const message = `the columns are password, username, uid: check that passwords come first. ${plainTexts} are in plain text; hash them with bcrypt, scrypt or argon2id`
    notify(observer, {
      type: 'fileNotice',
      file,
      notice: fileNotice('advice', 'plainTextPasswords', message),
    })
  }
  return {
    name: 'passwordFile',
    authenticatePassword: (username, password, context) =>
      table.check(username, password, password !== '' || allowEmptyPasswords, context),
  }
}

/** Makes what checks the passwords of users against their hashes: all hashes of a file share its limits. */
function makeVerifiers(
  file: string,
  options: PasswordFileOptions,
  digest: (text: string) => string,
): (hash: PasswordHash, text: string) => PasswordVerifier {
  const { clock = systemClock, observer, maxConcurrent, maxWaiting = 256, successTtlSeconds = 10 } = options
  const check = checkHashes(processWorkers, (error) =>
    notify(observer, { type: 'fileNotice', file, notice: noWorkers(error) }),
  )
  let blocksThread = false
  let limit: FairLimit | undefined
  // Made for the first check, when all hashes are known.
  const newLimit = (): FairLimit =>
    fairLimit({
      // Further checks would only wait for a worker, in an order that is not fair.
      maxConcurrent: maxConcurrent ?? (blocksThread ? Math.min(2, Math.max(1, spareCores())) : 2),
      maxWaiting,
      maxWaitMs: MAX_WAIT_MS,
      tooMany: 'too many passwords are being checked',
      clock,
    })
  const shared: HashedPasswordOptions = {
    digest,
    clock,
    ttlMs: successTtlSeconds * 1000,
    limit: (task, share, signal) => (limit ??= newLimit())(task, share, signal),
  }
  return (hash, text) => {
    blocksThread ||= hash.blocksThread
    return hashedPassword((candidate) => check(hash, text, candidate), shared)
  }
}

/** Shorter than the timeouts of clients and proxies. */
const MAX_WAIT_MS = 10_000

function noWorkers({ cause }: Error): FileNotice {
  const code = typeof cause === 'object' && cause !== null && 'code' in cause ? String(cause.code) : 'unknown'
  const message =
    `no worker thread can be started (${code}): password checks block the thread that serves requests; ` +
    'install @kube-authn/core beside a bundle instead of bundling it'
  return fileNotice('advice', 'noPasswordWorkers', message)
}

/** The users of a password file with their passwords. A check takes as long for an unknown user as for a known one. */
class PasswordTable {
  readonly #digest: (text: string) => string
  readonly #users = new UserTable()
  readonly #rows = new RowTable((row, name) => this.#users.isNamed(row, name))
  /** The digests of plain text passwords, by row. */
  readonly #digests = new DigestList()
  readonly #verifiers = new Map<number, PasswordVerifier>()

  constructor(digest: (text: string) => string) {
    this.#digest = digest
  }

  has(username: string): boolean {
    return this.#rows.get(username) !== undefined
  }

  /** Adds a user, or replaces the one of this name. @param password in plain text, or how it is checked. */
  add({ username, uid, groups }: CredentialRecord, password: string | PasswordVerifier): void {
    const row = this.#users.add(username, uid, groups)
    if (typeof password === 'string') this.#digests.add(this.#digest(password))
    else {
      this.#verifiers.set(row, password)
      this.#digests.add(NO_DIGEST)
    }
    this.#rows.set(username, row)
  }

  /** To be called after the last user. */
  close(): void {
    this.#users.close()
  }

  /** The user if the password is right. @param isAllowed whether the password may be right at all. */
  check(
    username: string,
    password: string,
    isAllowed: boolean,
    context: Context,
  ): Awaitable<Authentication | undefined> {
    if (this.#digests.length === 0) return undefined
    const known = this.#rows.get(username)
    const answer = (isRight: boolean): Authentication | undefined =>
      isRight && isAllowed && known !== undefined ? this.#users.at(known) : undefined
    // An unknown user is checked against some row, to take the same time: always the same row for the same name.
    const another = this.#rows.hashOf(username) % this.#digests.length
    const row = known ?? another
    const verify = this.#verifiers.get(row)
    return verify === undefined
      ? answer(isEqualInConstantTime(this.#digest(password), this.#digests.at(row)))
      : andThen(verify(password, { username, isKnown: known !== undefined, context }), answer)
  }
}

/** Stored for hashed passwords, which have no digest. */
const NO_DIGEST = '\0'.repeat(32)
