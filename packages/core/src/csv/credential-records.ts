import { branded } from '../brand.ts'
import { type FileNotice, notify, type Observer } from '../events.ts'
import { type Check, must } from '../options/index.ts'
import { type UserInfo, userInfo } from '../user.ts'
import { type CsvRecord, CsvSyntaxError, readRecords } from './read-records.ts'

/** A file of credentials cannot be used. The message names file and line and never holds a credential. */
export class CredentialFileError extends Error {
  override readonly name = 'CredentialFileError'
  readonly code = 'invalidCredentialFile'
  readonly file: string

  constructor(file: string, problem: string) {
    super(`${file}: ${problem}`)
    this.file = file
  }
}

branded(
  CredentialFileError,
  'CredentialFileError',
  ({ file, message }) => typeof file === 'string' && typeof message === 'string',
)

/** The check of what a file holds. */
export const aCsvText: Check = must(
  'must be the content of a CSV file, as a string or bytes',
  (value) => typeof value === 'string' || value instanceof Uint8Array,
)

/** A record of a token file or a password file: the secret in front, then the user. */
export interface CredentialRecord {
  readonly secret: string
  readonly user: UserInfo
  /** Where it stands, for messages. */
  readonly number: number
  readonly line: number
}

/** What the two kinds of files have in common, and where they differ. */
export interface CredentialFormat {
  /** In messages: `token file`. */
  readonly kind: string
  /** How the file is called in messages and events. */
  readonly file: string
  readonly observer: Observer | undefined
  /** Called with every record in order, blank lines aside. */
  readonly onRecord: (record: CredentialRecord, notice: (notice: FileNotice) => void) => void
  /** Whether the record counts at all, asked before its user is looked at. */
  readonly isSkipped?: (secret: string, number: number, notice: (notice: FileNotice) => void) => boolean
  /** Let users without a name pass. */
  readonly allowEmptyUsernames: boolean
}

/**
 * Reads `secret, user name, uid[, "group,group"]` records. Further columns are ignored; groups are split at commas, and
 * nothing is trimmed.
 *
 * Source: apiserver `pkg/authentication/token/tokenfile`; release-1.18 `plugin/pkg/authenticator/password/passwordfile`.
 *
 * Deviation: a user without a name is refused (`docs/deviations.md`, empty user name).
 *
 * @throws {CredentialFileError}
 */
export function readCredentials(csv: string | Uint8Array, format: CredentialFormat): void {
  const { file } = format
  const notices: FileNotice[] = []
  const notice = (each: FileNotice): void => {
    notices.push(each)
  }
  const users = userReader()
  const records = parsed(csv, format)
  adviseOnEmptiness(records, format, notice)
  adviseOnByteOrderMark(records[0], notice)
  for (const { fields, number, line } of records) {
    const [secret, username, uid] = fields
    if (secret === undefined || username === undefined || uid === undefined) {
      throw new CredentialFileError(
        file,
        `line ${line}: ${format.kind} must have at least 3 columns (${format.kind === 'token file' ? 'token' : 'password'}, user name, user uid), found ${fields.length}${hintOnRecord(secret)}`,
      )
    }
    if (format.isSkipped?.(secret, number, notice)) continue
    if (username === '' && !format.allowEmptyUsernames) {
      throw new CredentialFileError(file, `line ${line}: the user name is empty`)
    }
    const groups = fields[3]?.split(',') ?? []
    adviseOnGroups(groups, number, notice)
    adviseOnColumns(fields, number, notice)
    format.onRecord({ secret, user: users(username, uid, groups), number, line }, notice)
  }
  // Only now: what a refused file says about itself is the error.
  for (const each of notices) notify(format.observer, { type: 'fileNotice', file, notice: each })
}

function parsed(csv: string | Uint8Array, { file }: CredentialFormat): readonly CsvRecord[] {
  try {
    return readRecords(csv)
  } catch (error) {
    if (error instanceof CsvSyntaxError) throw new CredentialFileError(file, error.message)
    throw error
  }
}

/** Makes users; those with the same groups share one list, since files have many users and few sets of groups. */
function userReader(): (username: string, uid: string, groups: readonly string[]) => UserInfo {
  const lists = new Map<string, readonly string[]>()
  return (username, uid, groups) => {
    const key = JSON.stringify(groups)
    const user = userInfo({ username, uid, groups: lists.get(key) ?? groups })
    lists.set(key, user.groups)
    return user
  }
}

function adviseOnEmptiness(
  records: readonly CsvRecord[],
  { kind }: CredentialFormat,
  notice: (notice: FileNotice) => void,
): void {
  if (records.length > 0) return
  const message = `the file has no records, so it has no users; each line of a ${kind} is ${kind === 'token file' ? 'token' : 'password'},user name,uid,"group,group"`
  notice({ severity: 'advice', code: 'emptyFile', message })
}

/** Nothing of the record is shown: what begins with a `#` may be a token that does. */
function hintOnRecord(secret: string | undefined): string {
  return secret?.startsWith('#') === true ? '; there are no comments in such a file' : ''
}

/** As in `token,jane,1,dev,ops`: Kubernetes leaves out what follows the fourth column. */
function adviseOnColumns(
  { length }: readonly string[],
  record: number,
  notice: (notice: FileNotice) => void,
): void {
  if (length <= 4) return
  notice({
    severity: 'advice',
    code: 'moreColumns',
    record,
    message: `record ${record} has ${length} columns, and those after the fourth do not count: put several groups in quotes, as in "dev,ops"`,
  })
}

function adviseOnByteOrderMark(first: CsvRecord | undefined, notice: (notice: FileNotice) => void): void {
  if (!first?.fields[0]?.startsWith('\ufeff')) return
  notice({
    severity: 'advice',
    code: 'byteOrderMark',
    record: 1,
    message: 'the file starts with a byte order mark, which is part of the first column',
  })
}

function adviseOnGroups(
  groups: readonly string[],
  record: number,
  notice: (notice: FileNotice) => void,
): void {
  if (groups.includes('')) {
    notice({
      severity: 'advice',
      code: 'emptyGroup',
      record,
      message: `record ${record} has an empty group name`,
    })
  }
  if (groups.some((group) => group !== group.trim())) {
    notice({
      severity: 'advice',
      code: 'spaceAroundGroup',
      record,
      message: `record ${record} has white space around a group name, which is part of the name`,
    })
  }
}
