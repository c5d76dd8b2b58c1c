import { errorList, fieldPath, firstValues } from '@kube-authn/core/internal'
import { StatusError } from '@kube-authn/core/adapter'
import { badRequest } from '../registry/status-errors.ts'

/** The options in the query of a request. */
export interface QueryOptions {
  readonly labelSelector: string
  readonly fieldSelector: string
  readonly limit: number | undefined
  readonly continue: string | undefined
  /** `undefined` if the client takes any version. */
  readonly resourceVersion: number | undefined
  readonly isExact: boolean
  readonly isWatch: boolean
  readonly hasBookmarks: boolean
  readonly timeoutSeconds: number | undefined
  readonly isDryRun: boolean
  readonly includeObject: 'None' | 'Metadata' | 'Object'
}

/**
 * Reads the options of a request.
 *
 * Source: apimachinery `pkg/apis/meta/v1` ListOptions, CreateOptions, TableOptions; `pkg/apis/meta/internalversion/validation`.
 *
 * Deviation: `sendInitialEvents` is refused (`docs/deviations.md`, verbs of objects).
 *
 * @throws {StatusError} 400, 422
 */
export function readQueryOptions(query: string): QueryOptions {
  const values = firstValues(query)
  const read = (name: string): string => values.get(name) ?? ''
  const number = (name: string): number | undefined => {
    const text = read(name)
    if (text === '' || text === '0') return undefined
    if (!/^\d{1,15}$/.test(text)) throw badRequest(`${name}: Invalid value: must be a number`)
    return Number(text)
  }
  if (read('sendInitialEvents') !== '') {
    throw invalidOption('sendInitialEvents', 'sendInitialEvents is forbidden for watch: it is not supported')
  }
  const include = read('includeObject')
  if (!['', 'None', 'Metadata', 'Object'].includes(include)) {
    throw badRequest('includeObject: Unsupported value: supported values: "None", "Metadata", "Object"')
  }
  return {
    labelSelector: read('labelSelector'),
    fieldSelector: read('fieldSelector'),
    limit: number('limit'),
    continue: read('continue') || undefined,
    resourceVersion: number('resourceVersion'),
    isExact: read('resourceVersionMatch') === 'Exact',
    isWatch: isTrue(values.get('watch')),
    hasBookmarks: isTrue(values.get('allowWatchBookmarks')),
    timeoutSeconds: number('timeoutSeconds'),
    isDryRun: isDryRun(new URLSearchParams(query).getAll('dryRun')),
    includeObject: include === 'None' || include === 'Object' ? include : 'Metadata',
  }
}

/** Which page of a list is wanted. */
export function pageOf(options: QueryOptions): { readonly limit?: number; readonly continue?: string } {
  return {
    ...(options.limit !== undefined && { limit: options.limit }),
    ...(options.continue !== undefined && { continue: options.continue }),
  }
}

/** Any value counts but these. Source: apimachinery `pkg/runtime/conversion.go` Convert_Slice_string_To_bool. */
function isTrue(value: string | undefined): boolean {
  return value !== undefined && value.toLowerCase() !== 'false' && value !== '0'
}

/**
 * Whether all values of `dryRun` ask for one. A value that is not known is refused, also an empty one: nothing may be written by mistake.
 *
 * Source: apimachinery `pkg/apis/meta/v1/validation/validation.go` ValidateDryRun.
 *
 * @throws {StatusError} 422
 */
export function isDryRun(values: readonly string[]): boolean {
  if (values.some((value) => value !== 'All')) throw invalidOption('dryRun', 'supported values: "All"')
  return values.length > 0
}

function invalidOption(name: string, detail: string): StatusError {
  const errors = errorList()
  errors.forbidden(fieldPath(name), detail)
  return new StatusError({
    status: 422,
    reason: 'Invalid',
    message: `ListOptions.meta.k8s.io "" is invalid: ${errors.toString()}`,
    details: {
      group: 'meta.k8s.io',
      kind: 'ListOptions',
      causes: errors.errors.map(({ message, field }) => ({ reason: 'FieldValueForbidden', message, field })),
    },
  })
}
