import { errorList, fieldPath, firstValues, unsupportedMediaType } from '@kube-authn/core/internal'
import type { RequestHeaders } from '@kube-authn/core'
import { requireWriteOptions } from './write-options.ts'

/** The content types of patches. */
export const PATCH_TYPES = [
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
  'application/apply-patch+yaml',
] as const

/** How a patch is to be understood. */
export type PatchType = (typeof PATCH_TYPES)[number]

/** What a client may say about a patch. */
export interface PatchOptions {
  /** Who owns the fields; `''` if the client does not say. */
  readonly fieldManager: string
  /** Whether fields of other owners are taken over. */
  readonly isForced: boolean
}

/** @throws {StatusError} 415 */
export function patchTypeOf(headers: RequestHeaders): PatchType {
  const [sent = ''] = (headers.first('content-type') ?? '').split(';')
  const type = PATCH_TYPES.find((each) => each === sent.trim())
  if (type === undefined) throw unsupportedMediaType(PATCH_TYPES)
  return type
}

/**
 * Reads the options of a patch.
 *
 * Source: apimachinery `pkg/apis/meta/v1/validation/validation.go` ValidatePatchOptions.
 *
 * @throws {StatusError} 422
 */
export function readPatchOptions(query: string, type: PatchType): PatchOptions {
  const values = firstValues(query)
  const fieldManager = values.get('fieldManager') ?? ''
  const force = values.get('force')
  const errors = errorList()
  const manager = fieldPath('fieldManager')
  if (type === 'application/apply-patch+yaml') {
    if (fieldManager === '') errors.required(manager, 'is required for apply patch')
  } else if (force !== undefined) {
    errors.forbidden(fieldPath('force'), 'may not be specified for non-apply patch')
  }
  requireWriteOptions(query, 'PatchOptions', errors)
  return { fieldManager, isForced: force !== undefined && !['false', '0'].includes(force.toLowerCase()) }
}
