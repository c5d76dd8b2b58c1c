import { branded } from '../brand.ts'
import { type FileNotice, notify, type Observer } from '../../authenticator/events.ts'
import { type Check, must } from '../options/index.ts'
import type { Steps } from '../steps.ts'
import { groupLists, hasSpaceAround } from './group-lists.ts'
import { type CsvRecord, CsvSyntaxError } from './read-records.ts'
import { recordBatches } from './record-batches.ts'

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

/**
 * A record of a token file or a password file: the secret in front, then the user. Its strings may be parts of a much larger one: what is
 * kept of them is to be a copy.
 */
export interface CredentialRecord {
  readonly secret: string
  readonly username: string
  readonly uid: string
  /** Frozen; records with the same groups have the same list. */
  readonly groups: readonly string[]
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
export function* readCredentials(csv: string | Uint8Array, format: CredentialFormat): Steps<void> {
  const notices: FileNotice[] = []
  const read = recordReader(format, (notice) => void notices.push(notice))
  let refusal: Error | undefined
  let count = 0
  for (const records of batches(csv, format)) {
    count += records.length
    // Wrong quoting counts before anything else that is wrong, so the rest is still read.
    try {
      if (refusal === undefined) for (const record of records) read(record)
    } catch (error) {
      if (!(error instanceof CredentialFileError)) throw error
      refusal = error
    }
    yield
  }
  if (refusal !== undefined) throw refusal
  if (count === 0) notices.push(emptiness(format))
  // Only now: what a refused file says about itself is the error.
  for (const [index, notice] of notices.entries()) {
    notify(format.observer, { type: 'fileNotice', file: format.file, notice })
    if (index % NOTICES_IN_A_STEP === 0) yield
  }
}

const NOTICES_IN_A_STEP = 64

function* batches(csv: string | Uint8Array, { file }: CredentialFormat): Generator<readonly CsvRecord[]> {
  try {
    yield* recordBatches(csv)
  } catch (error) {
    if (error instanceof CsvSyntaxError) throw new CredentialFileError(file, error.message)
    throw error
  }
}

/** Hands each record to the format, or throws what is wrong with it. */
function recordReader(
  format: CredentialFormat,
  notice: (notice: FileNotice) => void,
): (record: CsvRecord) => void {
  const { file, kind } = format
  const listOf = groupLists()
  return ({ fields, number, line }) => {
    const [secret, username, uid, groups] = fields
    if (number === 1) adviseOnByteOrderMark(secret, notice)
    if (secret === undefined || username === undefined || uid === undefined) {
      throw new CredentialFileError(
        file,
        `line ${line}: ${kind} must have at least 3 columns (${kind === 'token file' ? 'token' : 'password'}, user name, user uid), found ${fields.length}${hintOnRecord(secret)}`,
      )
    }
    if (number === 1 && isHeading(secret, username, uid)) notice(headingOf(kind))
    if (format.isSkipped?.(secret, number, notice)) return
    if (username === '' && !format.allowEmptyUsernames) {
      throw new CredentialFileError(file, `line ${line}: the user name is empty`)
    }
    const list = listOf(groups)
    if (list.hasAdvice) adviseOnGroups(list.groups, number, notice)
    adviseOnColumns(fields, number, notice)
    format.onRecord({ secret, username, uid, groups: list.groups, number, line }, notice)
  }
}

/** Whether a record consists of column names. */
function isHeading(...columns: readonly [secret: string, username: string, uid: string]): boolean {
  return columns.every((column, index) => HEADINGS[index]?.test(column) === true)
}

function headingOf(kind: string): FileNotice {
  const secret = kind === 'token file' ? 'token' : 'password'
  return {
    severity: 'advice',
    code: 'heading',
    record: 1,
    message: `record 1 looks like a heading, but it defines a user with a guessable ${secret}: remove it`,
  }
}

const HEADINGS: readonly RegExp[] = [
  /^\ufeff?\s*(?:bearer[-_ ]?)?(?:token|password|secret)\s*$/i,
  /^\s*(?:user|name|(?:user|login)[-_ ]?name)\s*$/i,
  /^\s*(?:id|u?uid|user[-_ ]?u?id)\s*$/i,
]

function emptiness({ kind }: CredentialFormat): FileNotice {
  const message = `the file has no records, so it has no users; each line of a ${kind} is ${kind === 'token file' ? 'token' : 'password'},user name,uid,"group,group"`
  return { severity: 'advice', code: 'emptyFile', message }
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

function adviseOnByteOrderMark(first: string | undefined, notice: (notice: FileNotice) => void): void {
  if (first?.startsWith('\ufeff') !== true) return
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
  if (groups.some(hasSpaceAround)) {
    notice({
      severity: 'advice',
      code: 'spaceAroundGroup',
      record,
      message: `record ${record} has white space around a group name, which is part of the name`,
    })
  }
}
