import type { HttpAnswer } from '@kube-authn/core/adapter'
import { decodeJson, readBytes } from '@kube-authn/api/internal'
import {
  badRequest,
  errorList,
  fieldPath,
  firstValues,
  isObject,
  unsupportedMediaType,
} from '@kube-authn/core/internal'
import { jsonPatch } from '../patch/json-patch.ts'
import { mergePatch, strategicMerge } from '../patch/strategic-merge.ts'
import type { KubeObject } from '../registry/kube-object.ts'
import { objectTypeOf } from '../schema/object-types.ts'
import { answerWith, MAX_BODY_BYTES, type ObjectRequest, writeOf } from './object-request.ts'
import { answerApply, type ApplyOptions } from './apply-requests.ts'
import { isDeeperThan, MAX_DEPTH } from '../registry/json-values.ts'
import { readPatched } from './patched-object.ts'
import type { RequestHeaders } from '@kube-authn/core'
import { requireWriteOptions } from './write-options.ts'

/** Makes of the object as it is the one that a patch describes. */
type Patch = (old: KubeObject) => unknown

/**
 * Answers the PATCH of an object or of a part of it: again, if others change the object meanwhile.
 *
 * Source: apiserver `pkg/endpoints/handlers/patch.go`.
 *
 * Deviation: less may be sent, and it is tried less often (`docs/deviations.md`, patches).
 */
export async function answerPatch(asked: ObjectRequest): Promise<HttpAnswer> {
  const { request, body, target, registry } = asked
  const type = patchTypeOf(request.headers)
  const options = readPatchOptions(request.query, type)
  if (type === 'application/apply-patch+yaml') return answerApply(asked, options)
  const { value, duplicates } = decodeJson(await readBytes(request, body, MAX_BODY_BYTES))
  if (isDeeperThan(value, MAX_DEPTH))
    throw badRequest(`the patch must not be deeper than ${MAX_DEPTH} levels`)
  const patch = PATCHES[type](value, target.resource.kind)
  let warnings: readonly string[] = []
  const changed = (old: KubeObject): KubeObject => {
    const patched = readPatched(patch(old), target.resource, request.query, duplicates)
    warnings = patched.warnings
    return patched.object
  }
  const object = await registry.update(target, changed, writeOf(asked))
  asked.warnings.push(...warnings)
  return answerWith(asked, 200, object)
}

const PATCHES = {
  'application/json-patch+json': (value: unknown): Patch => {
    return (old) => jsonPatch(old, value)
  },
  'application/merge-patch+json': (value: unknown): Patch => {
    requireObject(value)
    return (old) => mergePatch(old, value)
  },
  'application/strategic-merge-patch+json': (value: unknown, kind: string): Patch => {
    const patch = requireObject(value)
    return (old) => strategicMerge(old, patch, objectTypeOf(kind))
  },
}

function requireObject(value: unknown): Readonly<Record<string, unknown>> {
  if (!isObject(value)) throw badRequest('the patch must be an object')
  return value
}

/** The content types of patches. */
export const PATCH_TYPES = [
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
  'application/apply-patch+yaml',
] as const

/** How a patch is to be understood. */
export type PatchType = (typeof PATCH_TYPES)[number]

/** @throws {StatusError} 415 */
function patchTypeOf(headers: RequestHeaders): PatchType {
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
function readPatchOptions(query: string, type: PatchType): ApplyOptions {
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
