import {
  checkFields,
  errorList,
  fieldPath,
  type FieldValidation,
  isObject,
  readObject,
} from '@kube-authn/core/internal'
import { badRequest } from '../registry/status-errors.ts'
import type { Preconditions } from '../registry/write.ts'
import { isDryRun } from './query-options.ts'

/** What a client may say about a deletion. */
export interface DeleteOptions {
  readonly preconditions: Preconditions
  readonly isDryRun: boolean
}

/**
 * Reads the DeleteOptions in a body. Grace periods and policies about dependents are read and have no effect: nothing here runs pods or collects dependents.
 *
 * Source: apimachinery `pkg/apis/meta/v1/types.go` DeleteOptions.
 *
 * @param value `undefined` if there was no body.
 * @throws {StatusError} 400
 */
export function readDeleteOptions(value: unknown, validation: FieldValidation): DeleteOptions {
  if (value === undefined) return { preconditions: {}, isDryRun: false }
  if (!isObject(value)) throw badRequest('the body of a deletion must be DeleteOptions')
  const errors = errorList({ hideValues: true })
  const options = readObject(value, fieldPath(), errors)
  for (const name of ['kind', 'apiVersion', 'gracePeriodSeconds', 'orphanDependents', 'propagationPolicy']) {
    options?.value(name)
  }
  options?.value('ignoreStoreReadErrorWithClusterBreakingPotential')
  const dryRun = options?.strings('dryRun') ?? []
  const preconditions = options?.object('preconditions')
  const uid = preconditions?.string('uid') ?? ''
  const resourceVersion = preconditions?.string('resourceVersion') ?? ''
  preconditions?.end()
  options?.end()
  checkFields(errors, validation)
  return {
    preconditions: { ...(uid !== '' && { uid }), ...(resourceVersion !== '' && { resourceVersion }) },
    isDryRun: isDryRun(dryRun),
  }
}
