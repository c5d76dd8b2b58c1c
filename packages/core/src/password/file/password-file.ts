import type { PasswordAuthenticator } from '../../authenticator/authenticator.ts'
import { andThen } from '../../internal/awaitable.ts'
import { type Clock, systemClock } from '../../internal/clock.ts'
import { compact } from '../../internal/compact.ts'
import { isEqualInConstantTime } from '../../internal/constant-time.ts'
import { aCsvText, CredentialFileError, readCredentials } from '../../internal/csv/credential-records.ts'
import { keyedDigest } from '../../internal/digest/keyed-digest.ts'
import { sha256 } from '../../internal/digest/sha256.ts'
import { notify } from '../../authenticator/notify.ts'
import type { Observer, FileNoticeEvent } from '../../authenticator/events.ts'
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
import { processWorkers } from '../workers/process-workers.ts'
import { spareCores } from '../workers/worker-threads.ts'
import { type FairLimit, fairLimit } from '../../internal/fair-limit/fair-limit.ts'
import { finish, type Steps } from '../../internal/steps.ts'
import { DigestList } from './digest-list.ts'
import { UserTable } from '../../internal/csv/user-table.ts'
import { checkHashes } from './check-hash.ts'
import { NameTable } from '../../internal/table/name-table.ts'
import { parsePasswordHash } from './parse-password-hash.ts'
import { hashedPassword, type PasswordVerifier } from './verifiers.ts'

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
  const file = options.source ?? 'password file'
  const digest = keyedDigest(sha256)
  const clock = options.clock ?? systemClock
  let blocksThread = false
  let limit: FairLimit | undefined
  const newLimit = (): FairLimit =>
    fairLimit({
      maxConcurrent: options.maxConcurrent ?? defaultConcurrency(blocksThread),
      maxWaiting: options.maxWaiting ?? 256,
      maxWaitMs: MAX_WAIT_MS,
      tooMany: 'too many passwords are being checked',
      clock,
    })
  const hashed = {
    digest,
    clock,
    ttlMs: (options.successTtlSeconds ?? 10) * 1000,
    limit: ((task, share, signal) => (limit ??= newLimit())(task, share, signal)) satisfies FairLimit,
  }
  const check = checkHashes(processWorkers, (error) => notify(options.observer, noWorkers(file, error)))
  const users = new UserTable()
  const rows = new NameTable((row, name) => users.isNamed(row, name))
  /** The digests of plain text passwords, by row. */
  const digests = new DigestList()
  const hashes = new Map<number, PasswordVerifier>()
  let plainTexts = 0

  const addPassword = (password: string, row: number, line: number): void => {
    const hash = parsePasswordHash(password)
    if (typeof hash === 'string') throw new CredentialFileError(file, `line ${line}: ${hash}`)
    if (hash === undefined) {
      plainTexts++
      digests.add(digest(password))
      return
    }
    blocksThread ||= hash.blocksThread
    const own = compact(password)
    hashes.set(
      row,
      hashedPassword((candidate) => check(hash, own, candidate), hashed),
    )
    digests.add(NO_DIGEST)
  }

  yield* readCredentials(csv, {
    kind: 'password file',
    file,
    observer: options.observer,
    allowEmptyUsernames: false,
    onRecord({ secret, username, uid, groups, number: record, line }, notice) {
      if (secret === '' && options.allowEmptyPasswords !== true) {
        throw new CredentialFileError(file, `line ${line}: the password is empty`)
      }
      if (rows.get(username, rows.hashOf(username)) !== undefined) {
        notice({
          severity: 'warning',
          code: 'duplicateUser',
          record,
          message: `record ${record} replaces an earlier one of the same user`,
        })
      }
      if (/^\$argon2\w*\$/.test(secret) && /^[tp]=\d/.test(username)) {
        throw new CredentialFileError(file, `line ${line}: put the hash in quotes, since it contains commas`)
      }
      if (/^\$(?:2[aby]|scrypt|argon2\w*)\$/.test(username)) {
        notice({
          severity: 'advice',
          code: 'hashAsUsername',
          record,
          message: `record ${record} has a password hash as username; the columns are password, username, uid`,
        })
      }
      const row = users.add(username, uid, groups)
      addPassword(secret, row, line)
      rows.set(username, row)
    },
  })
  users.close()
  if (plainTexts > 0) {
    notify(options.observer, {
      type: 'fileNotice',
      file,
      notice: {
        severity: 'advice',
        code: 'plainTextPasswords',
        message: `the columns are password, username, uid: check that passwords come first. ${plainTexts} are in plain text; hash them with bcrypt, scrypt or argon2id`,
      },
    })
  }

  return {
    name: 'passwordFile',
    authenticatePassword(username, password, context) {
      if (digests.length === 0) return undefined
      const hash = rows.hashOf(username)
      const known = rows.get(username, hash)
      // An unknown user is checked against some row, to take the same time: always the same row for the same name.
      const row = known ?? hash % digests.length
      const allowed = password !== '' || options.allowEmptyPasswords === true ? known : undefined
      const ofHash = hashes.get(row)
      if (ofHash === undefined) {
        const isRight = isEqualInConstantTime(digest(password), digests.at(row))
        return isRight && allowed !== undefined ? users.at(allowed) : undefined
      }
      const claim = { username, isKnown: known !== undefined, context }
      return andThen(ofHash(password, claim), (isRight) =>
        isRight && allowed !== undefined ? users.at(allowed) : undefined,
      )
    },
  }
}

/** Shorter than the timeouts of clients and proxies. */
const MAX_WAIT_MS = 10_000

/** Stored for hashed passwords, which have no digest. */
const NO_DIGEST = '\0'.repeat(32)

/** Further checks would only wait for a worker, in an order that is not fair. */
function defaultConcurrency(blocksThread: boolean): number {
  return blocksThread ? Math.min(2, Math.max(1, spareCores())) : 2
}

function noWorkers(file: string, { cause }: Error): FileNoticeEvent {
  const code = typeof cause === 'object' && cause !== null && 'code' in cause ? String(cause.code) : 'unknown'
  return {
    type: 'fileNotice',
    file,
    notice: {
      severity: 'advice',
      code: 'noPasswordWorkers',
      message:
        `no worker thread can be started (${code}): password checks block the thread that serves requests; ` +
        'install @kube-authn/core beside a bundle instead of bundling it',
    },
  }
}
