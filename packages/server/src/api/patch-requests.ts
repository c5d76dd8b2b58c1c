import type { HttpAnswer } from '@kube-authn/core/adapter'
import { decodeJson, readBytes } from '@kube-authn/api/internal'
import { badRequest, isObject } from '@kube-authn/core/internal'
import { jsonPatch } from '../patch/json-patch.ts'
import { mergePatch } from '../patch/merge-patch.ts'
import { strategicMerge } from '../patch/strategic-merge.ts'
import type { KubeObject } from '../registry/kube-object.ts'
import { objectTypeOf } from '../schema/object-types.ts'
import { answerWith, MAX_BODY_BYTES, type ObjectRequest, writeOf } from './object-request.ts'
import { answerApply } from './apply-requests.ts'
import { patchTypeOf, readPatchOptions } from './patch-options.ts'
import { isDeeperThan, MAX_DEPTH } from '../registry/object-depth.ts'
import { readPatched } from './patched-object.ts'

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
