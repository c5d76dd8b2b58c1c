import type { AuthenticationRequest, Clock, Context, UserInfo } from '@kube-authn/core'
import type { HttpAnswer } from '@kube-authn/core/adapter'
import {
  objectAnswer,
  decodeYaml,
  type ObjectType,
  readBodyValue,
  type SentValue,
} from '@kube-authn/api/internal'
import type { ReadBody } from '@kube-authn/core/internal'
import type { KubeObject } from '../registry/kube-object.ts'
import type { Registry } from '../registry/registry.ts'
import { type Caller, type WriteOptions, apiVersionOf, type Resource } from '../registry/resource.ts'
import type { Accepted } from './accept.ts'
import { internalError } from '../registry/status-errors.ts'
import { managerOf } from './write-options.ts'
import { partialObject, tableOf } from './table.ts'
import type { QueryOptions } from './query-options.ts'
import type { RequestTarget } from './request-target.ts'
import { objectTypeOf } from '../schema/object-types.ts'

/** The limit of request bodies in bytes: that of kube-apiserver. A stored object has at most 1 MiB. */
export const MAX_BODY_BYTES = 3_145_728

/** Who makes a request. */
export interface KubernetesApiCaller {
  /** The user, after impersonation. */
  readonly user: UserInfo
  /** Gets the annotations of the request's audit event. Default: none. */
  readonly context?: Pick<Context, 'annotate'>
}

export interface ObjectRequest extends Accepted {
  readonly registry: Registry
  readonly clock: Clock
  readonly request: AuthenticationRequest
  readonly body: ReadBody
  readonly target: RequestTarget
  /** Aborts when the client is gone. */
  readonly signal: AbortSignal
  readonly options: QueryOptions
  /** `undefined` if it is not known. */
  readonly caller: Caller | undefined
  /** For the client, in `Warning` headers. */
  readonly warnings: string[]
}

export function writeOf(
  { caller, options, request }: ObjectRequest,
  isDryRun: boolean = options.isDryRun,
): WriteOptions {
  return { isDryRun, fieldManager: managerOf(request), caller }
}

/** @throws {StatusError} 500 if the object would say who creates it, and that is not known. */
export function requireCreator({ target: { resource }, caller }: ObjectRequest): void {
  if (resource.hasCreator === true && caller === undefined) {
    throw internalError(new Error('no User found in the context'))
  }
}

/**
 * One object, in the form that the client prefers.
 *
 * @param hasColumns whether a table describes its columns.
 */
export function shown(
  { target, form, options, clock }: ObjectRequest,
  object: KubeObject,
  hasColumns = true,
): object {
  if (form === 'object') return object
  if (form === 'metadata') return partialObject(object)
  const metadata = { resourceVersion: object.metadata.resourceVersion }
  return tableOf({
    resource: target.resource,
    objects: [object],
    metadata,
    include: options.includeObject,
    nowMs: clock.now(),
    hasColumns,
  })
}

/** An answer with one object, and with the warnings of the request. */
export function answerWith(asked: ObjectRequest, status: number, object: KubeObject): HttpAnswer {
  return objectAnswer(status, shown(asked, object), asked.warnings)
}

/** The object in the body of a request, in JSON, YAML or protobuf. @throws {StatusError} 400, 413, 415 */
export function readSentBody(
  { request, body }: Pick<ObjectRequest, 'request' | 'body'>,
  kind: Pick<Resource, 'group' | 'version' | 'kind'>,
): Promise<SentValue> {
  return readBodyValue(request, body, expectedOf(kind), MAX_BODY_BYTES, decodeYaml)
}

/** What a body must be. Its type, if it is declared here, is for protobuf. */
interface Expected {
  readonly kind: string
  readonly apiVersions: readonly [string]
  readonly type?: ObjectType
}

/** The object that a body must be. */
export function expectedOf({ group, version, kind }: Pick<Resource, 'group' | 'version' | 'kind'>): Expected {
  const type = objectTypeOf(kind)
  return { kind, apiVersions: [apiVersionOf({ group, version })], ...(type !== undefined && { type }) }
}

/** What is read is of the version that the client names, or newer. @throws {StatusError} 504 */
export async function reachVersion({ registry, options, signal }: ObjectRequest): Promise<void> {
  if ((options.resourceVersion ?? 0) > 0) await registry.reach(options.resourceVersion ?? 0, signal)
}
