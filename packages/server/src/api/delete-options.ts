import { checkFields, type FieldValidation } from '@kube-authn/api/internal'
import {
  badRequest,
  type ErrorList,
  errorList,
  fieldPath,
  firstValues,
  type ObjectReader,
  readObject,
} from '@kube-authn/core/internal'
import type { Preconditions } from '../registry/resource.ts'
import { requireValid, validateDryRun } from './write-options.ts'

/** What a client may say about a deletion. */
export interface DeleteOptions {
  readonly preconditions: Preconditions
  readonly isDryRun: boolean
  /** The older form of what becomes of objects that belong to the deleted one; `undefined` if the client does not say. */
  readonly orphanDependents: boolean | undefined
}

const POLICIES = ['Foreground', 'Background', 'Orphan']
const KIND = 'DeleteOptions'

/**
 * The options of a deletion in a body. Its grace period is read and has no effect: nothing here ends slowly.
 *
 * Source: apimachinery `pkg/apis/meta/v1/types.go` DeleteOptions, `pkg/apis/meta/v1/validation/validation.go` ValidateDeleteOptions.
 *
 * Deviation: what is said about dependents has no effect (`docs/deviations.md`, options of deletions; dependents).
 *
 * @param value `undefined` if there are none.
 * @param apiVersions those that the options may have, besides none.
 * @throws {StatusError} 400, 422
 */
export function readDeleteOptions(
  value: unknown,
  validation: FieldValidation,
  apiVersions: readonly string[],
  duplicates: readonly string[] = [],
): DeleteOptions {
  if (value === undefined) return { preconditions: {}, isDryRun: false, orphanDependents: undefined }
  const errors = errorList({ hideValues: true })
  const options = readObject(value, fieldPath(), errors)
  if (options === undefined || (options.string('kind') || KIND) !== KIND) {
    throw badRequest('the body of a deletion must be DeleteOptions')
  }
  const apiVersion = options.string('apiVersion')
  if (apiVersion !== '' && !apiVersions.includes(apiVersion)) {
    throw badRequest(
      `the API version in the data does not match the expected one (${apiVersions.join(' or ')})`,
    )
  }
  requireWhole(options, 'gracePeriodSeconds', errors)
  options.boolean('ignoreStoreReadErrorWithClusterBreakingPotential')
  const policy = options.has('propagationPolicy') ? options.string('propagationPolicy') : undefined
  const orphanDependents = options.has('orphanDependents') ? options.boolean('orphanDependents') : undefined
  const dryRun = options.strings('dryRun')
  const preconditions = options.object('preconditions')
  const uid = preconditions?.string('uid') ?? ''
  const resourceVersion = preconditions?.string('resourceVersion') ?? ''
  preconditions?.end()
  options.end()
  checkFields(errors, validation, duplicates)
  return {
    preconditions: { ...(uid !== '' && { uid }), ...(resourceVersion !== '' && { resourceVersion }) },
    ...validated(policy, orphanDependents, dryRun),
  }
}

/** The options of a deletion in the query, which count if there is no body. @throws {StatusError} 400, 422 */
export function deleteOptionsIn(query: string, dryRun: readonly string[]): DeleteOptions {
  const values = firstValues(query)
  if (!/^[+-]?\d{0,18}$/.test(values.get('gracePeriodSeconds') ?? '')) {
    throw badRequest('gracePeriodSeconds: Invalid value: must be a number')
  }
  const orphan = values.get('orphanDependents')?.toLowerCase()
  const orphanDependents = orphan === undefined ? undefined : orphan !== 'false' && orphan !== '0'
  const policy = values.get('propagationPolicy')
  return { preconditions: {}, ...validated(policy, orphanDependents, dryRun) }
}

function requireWhole(options: ObjectReader, name: string, errors: ErrorList): void {
  const value = options.value(name)
  if (value === undefined || Number.isSafeInteger(value)) return
  errors.typeInvalid(fieldPath(name), value, 'must be an integer')
}

/** @throws {StatusError} 422 */
function validated(
  policy: string | undefined,
  orphanDependents: boolean | undefined,
  dryRun: readonly string[],
): Omit<DeleteOptions, 'preconditions'> {
  const errors = errorList()
  const path = fieldPath('propagationPolicy')
  if (policy !== undefined && orphanDependents !== undefined) {
    errors.invalid(path, policy, 'orphanDependents and deletionPropagation cannot be both set')
  }
  if (policy !== undefined && !POLICIES.includes(policy)) {
    errors.notSupported(path, policy, [...POLICIES, 'nil'])
  }
  validateDryRun(dryRun, errors)
  requireValid(KIND, errors)
  return { isDryRun: dryRun.length > 0, orphanDependents }
}
