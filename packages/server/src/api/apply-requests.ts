import type { HttpAnswer } from '@kube-authn/core/adapter'
import { decodeYaml, readBytes } from '@kube-authn/api/internal'
import { badRequest, isObject, isStatusError } from '@kube-authn/core/internal'
import { type Application, type Applied, apply } from '../apply/apply.ts'
import type { KubeObject } from '../registry/kube-object.ts'
import { conflict, isConflict } from '../registry/status-errors.ts'
import { answerWith, MAX_BODY_BYTES, type ObjectRequest, requireCreator, writeOf } from './object-request.ts'
import { isDeeperThan, MAX_DEPTH } from '../registry/json-values.ts'
import { readPatched } from './patched-object.ts'

/** What a client may say about what it applies. */
export interface ApplyOptions {
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
export async function answerApply(asked: ObjectRequest, options: ApplyOptions): Promise<HttpAnswer> {
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
