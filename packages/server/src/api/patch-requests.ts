import { type HttpAnswer, StatusError } from '@kube-authn/core/adapter'
import { decodeJson, readBytes, checkFields, fieldValidationOf, decodeYaml } from '@kube-authn/api/internal'
import {
  badRequest,
  errorList,
  fieldPath,
  firstValues,
  isObject,
  unsupportedMediaType,
  isStatusError,
} from '@kube-authn/core/internal'
import { jsonPatch } from '../patch/json-patch.ts'
import { mergePatch, strategicMerge } from '../patch/strategic-merge.ts'
import { isDeeperThan, type KubeObject, MAX_DEPTH } from '../registry/kube-object.ts'
import { objectTypeOf } from '../schema/object-types.ts'
import { answerWith, MAX_BODY_BYTES, type ObjectRequest, writeOf, requireCreator } from './object-request.ts'
import type { RequestHeaders } from '@kube-authn/core'
import { requireWriteOptions } from './write-options.ts'
import { readKubeObject } from '../registry/read-kube-object.ts'
import type { Resource } from '../registry/resource.ts'
import { type Application, type Applied, apply } from '../apply/apply.ts'
import { conflict, isConflict } from '../registry/status-errors.ts'

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

export const PATCH_TYPES = [
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
  'application/apply-patch+yaml',
] as const

type PatchType = (typeof PATCH_TYPES)[number]

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

interface PatchedObject {
  readonly object: KubeObject
  readonly warnings: readonly string[]
}

/**
 * Reads what a patch has made of an object.
 *
 * @param duplicates the paths of fields that occur more than once in the patch.
 * @throws {StatusError} 400 if it is another kind of object, 422 if it has fields that it must not have, or of the wrong type.
 */
function readPatched(
  value: unknown,
  resource: Resource,
  query: string,
  duplicates: readonly string[],
): PatchedObject {
  const { object, errors } = readKubeObject(value, resource)
  try {
    return { object, warnings: checkFields(errors, fieldValidationOf(query), duplicates) }
  } catch (thrown) {
    if (!isStatusError(thrown)) throw thrown
    const message = `Invalid value: ${thrown.message}`
    throw new StatusError({
      status: 422,
      reason: 'Invalid',
      message: ` "" is invalid: patch: ${message}`,
      details: { causes: [{ reason: 'FieldValueInvalid', message, field: 'patch' }] },
    })
  }
}

/** What a client may say about what it applies. */
interface ApplyOptions {
  /** Who owns the fields; `''` if the client does not say. */
  readonly fieldManager: string
  /** Whether fields of other owners are taken over. */
  readonly isForced: boolean
}

/** How often an object is looked for that others create and delete meanwhile. */
const MAX_ATTEMPTS = 4

/**
 * Answers the PATCH that applies a configuration. An object that does not exist is created.
 *
 * Source: apiserver `pkg/endpoints/handlers/patch.go` applyPatcher.
 */
async function answerApply(asked: ObjectRequest, options: ApplyOptions): Promise<HttpAnswer> {
  const { request, body, target, registry } = asked
  const bytes = await readBytes(request, body, MAX_BODY_BYTES)
  const { value, duplicates } = decodeYaml(bytes, MAX_BODY_BYTES)
  const application: Sent = {
    resource: target.resource,
    configuration: configurationOf(value),
    duplicates,
    manager: {
      name: options.fieldManager,
      operation: 'Apply',
      subresource: target.subresource,
      time: registry.now(),
    },
    isForced: options.isForced,
  }
  for (let attempt = 1; ; attempt++) {
    const made = applying(asked, application)
    try {
      const object = await registry.update(target, made.object, { ...writeOf(asked), owners: made.owners })
      return answerApplied(asked, 200, object, made.warnings())
    } catch (thrown) {
      const isMissing = isStatusError(thrown) && thrown.status === 404
      if (!isMissing || target.subresource !== '') throw thrown
    }
    try {
      return await create(asked, application)
    } catch (thrown) {
      if (!isConflict(thrown) || attempt === MAX_ATTEMPTS) throw thrown
    }
  }
}

/** An application, with the paths of fields that it has more than once. */
interface Sent extends Application {
  readonly duplicates: readonly string[]
}

/** The object that an application makes of another one, its owners and the warnings about it. */
interface Applying {
  readonly object: (old: KubeObject | undefined) => KubeObject
  readonly owners: () => Applied['owners']
  readonly warnings: () => readonly string[]
}

function applying({ target, request }: ObjectRequest, application: Sent): Applying {
  let owners: Applied['owners'] = []
  let warnings: readonly string[] = []
  return {
    object(old) {
      const applied = apply(application, old)
      const patched = readPatched(applied.value, target.resource, request.query, application.duplicates)
      owners = applied.owners
      warnings = patched.warnings
      return patched.object
    },
    owners: () => owners,
    warnings: () => warnings,
  }
}

async function create(asked: ObjectRequest, application: Sent): Promise<HttpAnswer> {
  requireCreator(asked)
  const { resource, namespace, name } = asked.target
  const { object: objectFor, owners, warnings } = applying(asked, application)
  const sent = objectFor(undefined)
  const { uid = '', name: given = name } = sent.metadata
  if (given !== name) {
    throw badRequest(`the name of the object (${given}) does not match the name on the URL (${name})`)
  }
  if (uid !== '') {
    const why = `uid mismatch: the provided object specified uid ${uid}, and no existing object was found`
    throw conflict(resource, name, why)
  }
  const object = { ...sent, metadata: { ...sent.metadata, name } }
  const write = { ...writeOf(asked), owners }
  const created = await asked.registry.create({ resource, namespace, requestName: name }, object, write)
  return answerApplied(asked, 201, created, warnings())
}

function answerApplied(
  asked: ObjectRequest,
  status: number,
  object: KubeObject,
  warnings: readonly string[],
): HttpAnswer {
  asked.warnings.push(...warnings)
  return answerWith(asked, status, object)
}

/** @throws {StatusError} 400 */
function configurationOf(value: unknown): Application['configuration'] {
  if (!isObject(value)) throw badRequest('what is applied must be an object')
  if (isDeeperThan(value, MAX_DEPTH))
    throw badRequest(`the patch must not be deeper than ${MAX_DEPTH} levels`)
  const { apiVersion, kind, metadata } = value
  if (typeof apiVersion !== 'string' || typeof kind !== 'string' || apiVersion === '' || kind === '') {
    throw badRequest('what is applied must have an apiVersion and a kind')
  }
  if (isObject(metadata) && metadata['managedFields'] !== undefined && metadata['managedFields'] !== null) {
    throw badRequest('metadata.managedFields must be nil')
  }
  return value
}
