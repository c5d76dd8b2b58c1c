import { labelValueProblems, qualifiedNameProblems } from '@kube-authn/internal/kubernetes-names'
import type { ErrorList } from '../../internal/field/errors.ts'
import type { FieldPath } from '../../internal/field/path.ts'
import type { LabelSelector, LabelSelectorRequirement } from './objects.ts'

/**
 * Validates a label selector.
 *
 * Source: apimachinery `pkg/apis/meta/v1/validation/validation.go`.
 */
export function validateSelector(selector: LabelSelector, path: FieldPath, errors: ErrorList): void {
  validateLabels(selector.matchLabels, path.child('matchLabels'), errors)
  for (const [index, requirement] of selector.matchExpressions.entries()) {
    validateRequirement(requirement, path.child('matchExpressions').index(index), errors)
  }
}

/** Validates labels. As in Kubernetes, the path does not name the label. */
export function validateLabels(
  labels: Iterable<readonly [key: string, value: string]>,
  path: FieldPath,
  errors: ErrorList,
): void {
  for (const [key, value] of labels) {
    addProblems(qualifiedNameProblems(key), key, path, errors)
    addProblems(labelValueProblems(value), value, path, errors)
  }
}

function validateRequirement(
  { key, operator, values }: LabelSelectorRequirement,
  path: FieldPath,
  errors: ErrorList,
): void {
  const valuesPath = path.child('values')
  if (operator === 'In' || operator === 'NotIn') {
    if (values.length === 0) {
      errors.required(valuesPath, "must be specified when `operator` is 'In' or 'NotIn'")
    }
  } else if (operator === 'Exists' || operator === 'DoesNotExist') {
    if (values.length > 0) {
      errors.forbidden(valuesPath, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'")
    }
  } else {
    errors.invalid(path.child('operator'), operator, 'not a valid selector operator')
  }
  addProblems(qualifiedNameProblems(key), key, path.child('key'), errors)
  for (const [index, value] of values.entries()) {
    addProblems(labelValueProblems(value), value, valuesPath.index(index), errors)
  }
}

/** Adds an error for each problem of a value. */
export function addProblems(
  problems: readonly string[],
  value: string,
  path: FieldPath,
  errors: ErrorList,
): void {
  for (const problem of problems) errors.invalid(path, value, problem)
}
