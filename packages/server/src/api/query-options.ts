import { badRequest, firstValues, type ErrorList, errorList, fieldPath } from '@kube-authn/core/internal'
import { dryRunIn, requireValid } from './write-options.ts'
import { expired } from '../registry/status-errors.ts'

export interface QueryOptions {
  readonly labelSelector: string
  readonly fieldSelector: string
  readonly limit: number | undefined
  readonly continue: string | undefined
  /** `undefined` if the client names none, 0 if it takes any. */
  readonly resourceVersion: number | undefined
  /** As sent; `''` if it is not. */
  readonly resourceVersionMatch: string
  readonly isWatch: boolean
  /** `undefined` if the client does not say. */
  readonly sendInitialEvents: boolean | undefined
  readonly hasBookmarks: boolean
  readonly timeoutSeconds: number | undefined
  readonly isDryRun: boolean
  readonly includeObject: 'None' | 'Metadata' | 'Object'
}

/**
 * Reads the options of a request.
 *
 * Source: apimachinery `pkg/apis/meta/v1` ListOptions, CreateOptions, TableOptions.
 *
 * Deviation: a mistake of a client is no 500 (`docs/deviations.md`, errors of clients; further pages).
 *
 * @throws {StatusError} 400
 */
export function readQueryOptions(query: string): QueryOptions {
  const values = firstValues(query)
  const read = (name: string): string => values.get(name) ?? ''
  const number = (name: string): number | undefined => {
    const text = read(name)
    if (text === '') return undefined
    if (!/^\d{1,15}$/.test(text)) throw badRequest(`${name}: Invalid value: must be a number`)
    return Number(text)
  }
  // A negative number is no limit, as 0.
  const positive = (name: string): number | undefined =>
    /^-\d{1,15}$/.test(read(name)) || number(name) === 0 ? undefined : number(name)
  const sendInitialEvents = values.get('sendInitialEvents')
  const include = read('includeObject')
  if (!['', 'None', 'Metadata', 'Object'].includes(include)) {
    throw badRequest('includeObject: Unsupported value: supported values: "None", "Metadata", "Object"')
  }
  return {
    labelSelector: read('labelSelector'),
    fieldSelector: read('fieldSelector'),
    limit: positive('limit'),
    continue: read('continue') || undefined,
    resourceVersion: number('resourceVersion'),
    resourceVersionMatch: read('resourceVersionMatch'),
    isWatch: isTrue(values.get('watch')),
    sendInitialEvents: sendInitialEvents === undefined ? undefined : isTrue(sendInitialEvents),
    hasBookmarks: isTrue(values.get('allowWatchBookmarks')),
    timeoutSeconds: positive('timeoutSeconds'),
    isDryRun: dryRunIn(query).length > 0,
    includeObject: include === 'None' || include === 'Object' ? include : 'Metadata',
  }
}

/** Any value counts but these. Source: apimachinery `pkg/runtime/conversion.go` Convert_Slice_string_To_bool. */
function isTrue(value: string | undefined): boolean {
  return value !== undefined && value.toLowerCase() !== 'false' && value !== '0'
}

/** The options of a list or a watch that {@link listOptions} returns. */
export interface ListOptions extends QueryOptions {
  /** Only of watches. */
  readonly sendInitialEvents: boolean
}

/**
 * The options of a list or a watch, after defaulting: a watch that names no version begins with what is there.
 *
 * Source: apimachinery `pkg/apis/meta/internalversion/defaults.go`, `pkg/apis/meta/internalversion/validation/validation.go`
 * ValidateListOptions; apiserver `pkg/storage/interfaces.go` ValidateListOptions.
 *
 * @throws {StatusError} 400, 422 with every field that is invalid.
 */
export function listOptions(sent: QueryOptions): ListOptions {
  const { isWatch, sendInitialEvents, resourceVersionMatch: match } = sent
  const hasVersion = sent.resourceVersion !== undefined && sent.resourceVersion !== 0
  const isOfPresent = isWatch && sendInitialEvents === undefined && match === '' && !hasVersion
  const errors = errorList()
  if (isOfPresent) refuseContinue(sent, errors)
  else if (isWatch) checkWatch(sent, errors)
  else checkList(sent, errors)
  requireValid('ListOptions', errors)
  if (isOfPresent) return { ...sent, sendInitialEvents: true, resourceVersionMatch: 'NotOlderThan' }
  if (!isWatch && sent.continue !== undefined && hasVersion) {
    throw badRequest('specifying resource version is not allowed when using continue')
  }
  return { ...sent, sendInitialEvents: sendInitialEvents === true }
}

const MATCH = fieldPath('resourceVersionMatch')
const INITIAL_EVENTS = fieldPath('sendInitialEvents')

function checkList({ sendInitialEvents, ...sent }: QueryOptions, errors: ErrorList): void {
  const { resourceVersion, resourceVersionMatch: match } = sent
  if (match !== '') {
    if (resourceVersion === undefined) {
      errors.forbidden(MATCH, 'resourceVersionMatch is forbidden unless resourceVersion is provided')
    }
    refuseContinue(sent, errors)
    if (match !== 'Exact' && match !== 'NotOlderThan') {
      errors.notSupported(MATCH, match, ['Exact', 'NotOlderThan', ''])
    }
    if (match === 'Exact' && resourceVersion === 0) {
      errors.forbidden(MATCH, 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"')
    }
  }
  if (sendInitialEvents !== undefined) {
    errors.forbidden(INITIAL_EVENTS, 'sendInitialEvents is forbidden for list')
  }
}

function checkWatch({ sendInitialEvents, ...sent }: QueryOptions, errors: ErrorList): void {
  const { resourceVersionMatch: match } = sent
  const isKnown = match === 'NotOlderThan'
  if (sendInitialEvents !== undefined && !isKnown) {
    errors.forbidden(MATCH, 'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan')
  }
  if (match === '') return
  if (sendInitialEvents === undefined) {
    const detail = 'resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided'
    errors.forbidden(MATCH, detail)
  }
  if (!isKnown) errors.notSupported(MATCH, match, ['NotOlderThan'])
  refuseContinue(sent, errors)
}

function refuseContinue(sent: Pick<QueryOptions, 'continue'>, errors: ErrorList): void {
  if (sent.continue === undefined) return
  errors.forbidden(MATCH, 'resourceVersionMatch is forbidden when continue is provided')
}

/**
 * A list is of the present. A client that names a version and wants a page wants the list of just this version, as one that wants it exactly.
 *
 * @throws {StatusError} 410 if the client wants the past.
 */
export function requireVersion(version: string, options: ListOptions): void {
  const { resourceVersion = 0, resourceVersionMatch: match, limit } = options
  const isExact = match === 'Exact' || (match === '' && limit !== undefined)
  if (resourceVersion !== 0 && isExact && resourceVersion !== Number(version)) {
    throw expired('The resourceVersion for the provided list is too old.')
  }
}
