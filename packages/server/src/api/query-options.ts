import { badRequest, firstValues } from '@kube-authn/core/internal'
import { dryRunIn } from './write-options.ts'

/** The options in the query of a request. */
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
