import type { ErrorList } from '../../internal/field/errors.ts'
import { qualifiedNameProblems } from '@kube-authn/internal/kubernetes-names'
import { fieldPath } from '../../internal/field/path.ts'
import { readObject } from '../../internal/field/reader.ts'
import { validateLabels } from './validate-selector.ts'

const METADATA = fieldPath('metadata')
const ANNOTATIONS = METADATA.child('annotations')
const FINALIZERS = METADATA.child('finalizers')

/**
 * Validates metadata that does not affect decisions and is not kept: labels, annotations and finalizers.
 *
 * Source: apimachinery `pkg/api/validation/objectmeta.go`.
 */
export function validateMarks(metadata: unknown, errors: ErrorList): void {
  const reader = readObject(metadata, METADATA, errors)
  if (reader?.has('labels') === true)
    validateLabels(reader.stringMap('labels'), METADATA.child('labels'), errors)
  if (reader?.has('annotations') === true) validateAnnotations(reader.stringMap('annotations'), errors)
  if (reader?.has('finalizers') === true) validateFinalizers(reader.strings('finalizers'), errors)
}

const MAX_ANNOTATIONS_BYTES = 262_144
const encoder = new TextEncoder()

function validateAnnotations(annotations: ReadonlyMap<string, string>, errors: ErrorList): void {
  let bytes = 0
  for (const [key, value] of annotations) {
    for (const problem of qualifiedNameProblems(key.toLowerCase())) errors.invalid(ANNOTATIONS, key, problem)
    bytes += encoder.encode(key).length + encoder.encode(value).length
  }
  if (bytes > MAX_ANNOTATIONS_BYTES) errors.tooLong(ANNOTATIONS, MAX_ANNOTATIONS_BYTES)
}

function validateFinalizers(finalizers: readonly string[], errors: ErrorList): void {
  for (const finalizer of finalizers) {
    for (const problem of qualifiedNameProblems(finalizer)) errors.invalid(FINALIZERS, finalizer, problem)
  }
  if (finalizers.includes('orphan') && finalizers.includes('foregroundDeletion')) {
    errors.invalid(FINALIZERS, finalizers, 'finalizer orphan and foregroundDeletion cannot be both set')
  }
}
