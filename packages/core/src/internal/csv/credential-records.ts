import { branded } from '@kube-authn/internal/brand'
import { KubeAuthnError } from '../../authenticator/kube-authn-error.ts'
import { notify } from '../../authenticator/notify.ts'
import type { FileNotice, Observer } from '../../authenticator/events.ts'
import { compact } from '../compact.ts'
import { type Check, must } from '../options/index.ts'
import type { Steps } from '../steps.ts'
import { type CsvRecord, CsvSyntaxError } from './read-records.ts'
import { recordBatches } from './record-batches.ts'

/** A credential file is invalid. The message names the file and line and never contains a credential. */
export class CredentialFileError extends KubeAuthnError {
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

/** The options check of the content of a file. */
export const aCsvText: Check = must(
  'must be the content of a CSV file, as a string or bytes',
  (value) => typeof value === 'string' || value instanceof Uint8Array,
)

/** A record of a token file or a password file: the secret, then the user. Its strings may be slices of a much larger one, so copy those that you keep. */
export interface CredentialRecord {
  readonly secret: string
  readonly username: string
  readonly uid: string
  /** Frozen; records with the same groups share one list. */
  readonly groups: readonly string[]
  /** The position in the file, for messages. */
  readonly number: number
  readonly line: number
}

/** How one kind of credential file is read. */
export interface CredentialFormat {
  /** What the first column has, in messages: of a `token file`. */
  readonly credential: 'token' | 'password'
  /** The name of the file in messages and events. */
  readonly file: string
  readonly observer: Observer | undefined
  /** Called with every record in order. */
  readonly onRecord: (record: CredentialRecord, notice: (notice: FileNotice) => void) => void
  /** Whether to skip the record; called before its user is validated. */
  readonly isSkipped?: (secret: string, number: number, notice: (notice: FileNotice) => void) => boolean
}

/**
 * Reads records of `secret, user name, uid[, "group,group"]`. Further columns are ignored; groups are split at commas; nothing is trimmed.
 *
 * Source: apiserver `pkg/authentication/token/tokenfile`; release-1.18 `plugin/pkg/authenticator/password/passwordfile`.
 *
 * Deviation: a user without a name is refused (`docs/deviations.md`, empty user name).
 *
 * @throws {CredentialFileError} when the file is invalid.
 */
export function* readCredentials(csv: string | Uint8Array, format: CredentialFormat): Steps<void> {
  const notices: FileNotice[] = []
  const read = recordReader(format, (notice) => void notices.push(notice))
  let refusal: Error | undefined
  let count = 0
  for (const records of batches(csv, format)) {
    count += records.length
    // A quoting error takes precedence over other errors, so the rest is still read.
    try {
      if (refusal === undefined) for (const record of records) read(record)
    } catch (error) {
      if (!(error instanceof CredentialFileError)) throw error
      refusal = error
    }
    yield
  }
  if (refusal !== undefined) throw refusal
  if (count === 0) {
    const { credential } = format
    const message = `the file has no records, so it has no users; each line of a ${credential} file is ${credential},user name,uid,"group,group"`
    notices.push(fileNotice('advice', 'emptyFile', message))
  }
  // Not earlier: a refused file reports only its error.
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

/** A finding in a file, or in one of its records. */
export function fileNotice(
  severity: FileNotice['severity'],
  code: string,
  message: string,
  record?: number,
): FileNotice {
  return { severity, code, ...(record !== undefined && { record }), message }
}

/** Validates each record and passes it to the format. */
function recordReader(
  format: CredentialFormat,
  notice: (notice: FileNotice) => void,
): (record: CsvRecord) => void {
  const { file, credential } = format
  const listOf = groupLists()
  const advise = (code: string, record: number, message: string): void =>
    notice(fileNotice('advice', code, message, record))
  return ({ fields, number, line }) => {
    const [secret, username, uid, groups] = fields
    if (number === 1 && secret?.startsWith('\ufeff') === true) {
      advise('byteOrderMark', 1, 'the file starts with a byte order mark, which is part of the first column')
    }
    if (secret === undefined || username === undefined || uid === undefined) {
      // The record is not quoted: one that begins with `#` may be a token.
      const hint = secret?.startsWith('#') === true ? '; comments are not supported' : ''
      throw new CredentialFileError(
        file,
        `line ${line}: ${credential} file must have at least 3 columns (${credential}, user name, user uid), found ${fields.length}${hint}`,
      )
    }
    if (number === 1 && HEADINGS.every((heading, index) => heading.test(fields[index] ?? ''))) {
      const message = `record 1 looks like a heading, but it defines a user with a guessable ${credential}: remove it`
      advise('heading', 1, message)
    }
    if (format.isSkipped?.(secret, number, notice)) return
    if (username === '') throw new CredentialFileError(file, `line ${line}: the user name is empty`)
    const { list, hasEmpty, hasSpace } = listOf(groups)
    if (hasEmpty) advise('emptyGroup', number, `record ${number} has an empty group name`)
    if (hasSpace) {
      const message = `record ${number} has white space around a group name, which is part of the name`
      advise('spaceAroundGroup', number, message)
    }
    // As in `token,jane,1,dev,ops`: Kubernetes ignores columns after the fourth.
    if (fields.length > 4) {
      const message = `record ${number} has ${fields.length} columns, and those after the fourth are ignored: put several groups in quotes, as in "dev,ops"`
      advise('moreColumns', number, message)
    }
    format.onRecord({ secret, username, uid, groups: list, number, line }, notice)
  }
}

/** The maximum number of different lists that are remembered while a file is read: a larger map is slow to grow. */
const MAX_LISTS = 65_536

/** Returns a function that splits the fourth column. Equal columns share one list, since files have many users and few sets of groups. */
function groupLists(): (groups: string | undefined) => GroupList {
  const known = new Map<string, GroupList>()
  return (text) => {
    if (text === undefined) return NO_GROUPS
    const found = known.get(text)
    if (found !== undefined) return found
    const own = compact(text)
    const list = Object.freeze(own.split(','))
    const groups = {
      list,
      hasEmpty: list.includes(''),
      hasSpace: list.some((group) => group !== group.trim()),
    }
    if (known.size === MAX_LISTS) known.clear()
    known.set(own, groups)
    return groups
  }
}

/** The groups of a record. */
interface GroupList {
  readonly list: readonly string[]
  readonly hasEmpty: boolean
  /** White space around a name. */
  readonly hasSpace: boolean
}

const NO_GROUPS: GroupList = { list: Object.freeze([]), hasEmpty: false, hasSpace: false }

/** Column names, of a record that is a heading. */
const HEADINGS: readonly RegExp[] = [
  /^\ufeff?\s*(?:bearer[-_ ]?)?(?:token|password|secret)\s*$/i,
  /^\s*(?:user|name|(?:user|login)[-_ ]?name)\s*$/i,
  /^\s*(?:id|u?uid|user[-_ ]?u?id)\s*$/i,
]
