import { type HttpAnswer, StatusError } from '@kube-authn/core/adapter'
import { checkFields, fieldValidationOf, objectAnswer, YAML_MEDIA_TYPE } from '@kube-authn/api/internal'
import { methodNotAllowed } from '@kube-authn/core/internal'
import type { KubeObject } from '../registry/kube-object.ts'
import { readKubeObject } from '../registry/read-kube-object.ts'
import {
  type ActionSubresource,
  type Caller,
  qualifiedName,
  type Resource,
  subresourceOf,
} from '../registry/resource.ts'
import { acceptedOf, requireOtherForm } from './accept.ts'
import { answerDelete, answerDeleteAll } from './delete-requests.ts'
import {
  answerWith,
  type KubernetesApiCaller,
  type ObjectRequest,
  requireCreator,
  writeOf,
  readSentBody,
} from './object-request.ts'
import { answerPatch } from './patch-requests.ts'
import { readQueryOptions } from './query-options.ts'
import { answerRead } from './read-requests.ts'
import type { RequestTarget } from './request-target.ts'
import { requireWriteOptions } from './write-options.ts'

/** What requests about objects need. */
export interface ObjectRequestsOptions extends Pick<ObjectRequest, 'registry' | 'clock'> {
  /** Whether writes of plain objects are refused. */
  readonly isStrict: boolean
}

/** A request about objects, as it arrives. */
export interface ReceivedRequest extends Pick<ObjectRequest, 'request' | 'body' | 'target' | 'signal'> {
  /** `undefined` if it is not known. */
  readonly caller: KubernetesApiCaller | undefined
}

/** An answer to a request. */
type Answer = (asked: ObjectRequest) => Promise<HttpAnswer | Response>

/**
 * Answers requests about objects.
 *
 * Source: apiserver `pkg/endpoints/handlers`.
 */
export function objectRequests({
  isStrict,
  ...options
}: ObjectRequestsOptions): (received: ReceivedRequest) => Promise<HttpAnswer | Response> {
  return async function answerReceived({ caller, ...received }) {
    const { request, target } = received
    const accepted = acceptedOf(request.headers)
    const warnings: string[] = []
    const asked: ObjectRequest = {
      ...options,
      ...received,
      ...accepted,
      options: readQueryOptions(request.query),
      caller: caller && callerOf(caller, warnings),
      warnings,
    }
    const answers = answersFor(target)
    const answered = Object.hasOwn(answers, request.method) ? answers[request.method] : undefined
    if (answered === undefined) throw methodNotAllowed(Object.keys(answers).toSorted().join(', '))
    if (isStrict) requireValidated(target.resource, request.method)
    if (target.name !== '' || request.method === 'POST') requireOtherForm(accepted.form, 'metadataList')
    const answer = await answered(asked)
    return accepted.isYaml ? inYaml(answer) : answer
  }
}

// Deviation: only what is served is answered (`docs/deviations.md`, Allow of a 405; watches in paths; methods of HTTP).
/** What can be done there, by method. */
function answersFor(target: RequestTarget): Readonly<Record<string, Answer>> {
  const subresource = subresourceOf(target.resource, target.subresource)
  if (subresource?.type === 'action') return { POST: (asked) => answerAction(asked, subresource) }
  if (subresource?.isReplacedOnly === true) return { PUT: answerUpdate }
  const DELETE = target.name === '' ? answerDeleteAll : answerDelete
  return {
    GET: answerRead,
    ...(target.name !== '' && { PUT: answerUpdate, PATCH: answerPatch }),
    ...(target.name === '' && isPlace(target) && { POST: answerCreate }),
    ...(subresource === undefined && isDeletable(target) && { DELETE }),
  }
}

/** Kubernetes deletes no collection over all namespaces, and not all namespaces. */
function isDeletable(target: RequestTarget): boolean {
  return target.name !== '' || (target.resource.hasDeletableCollection !== false && isPlace(target))
}

/** Whether objects can be created there: not in all namespaces. */
function isPlace({ resource, namespace }: RequestTarget): boolean {
  return !resource.isNamespaced || namespace !== ''
}

function callerOf({ user, context }: KubernetesApiCaller, warnings: string[]): Caller {
  return {
    user,
    context: {
      warn: (text) => void warnings.push(text),
      annotate: (key, value) => context?.annotate?.(key, value),
    },
  }
}

const UNWRITTEN = ['DELETE', 'GET']

/**
 * Refuses to write an object that is neither validated nor given defaults here. Not with 403 or 422, which a test may expect from its roles or of its object.
 *
 * @throws {StatusError} 405
 */
function requireValidated(resource: Resource, method: string): void {
  if (resource.isPlain !== true || UNWRITTEN.includes(method)) return
  const name = qualifiedName(resource)
  throw new StatusError({
    status: 405,
    reason: 'MethodNotAllowed',
    message: `${name} cannot be written to a server with --strict (option \`strict\`): it does not validate ${name} or fill in their defaults, so it may accept what a cluster refuses`,
    headers: { allow: UNWRITTEN.join(', ') },
    details: { ...(resource.group !== '' && { group: resource.group }), kind: resource.plural },
  })
}

/**
 * Answers the POST of an object.
 *
 * Source: apiserver `pkg/endpoints/handlers/create.go`.
 */
async function answerCreate(asked: ObjectRequest): Promise<HttpAnswer> {
  const { resource, namespace } = asked.target
  requireWriteOptions(asked.request.query, 'CreateOptions')
  requireCreator(asked)
  const object = await readSent(asked)
  return answerWith(asked, 201, await asked.registry.create({ resource, namespace }, object, writeOf(asked)))
}

/**
 * Answers the PUT of an object or of a part of it.
 *
 * Source: apiserver `pkg/endpoints/handlers/update.go`.
 */
async function answerUpdate(asked: ObjectRequest): Promise<HttpAnswer> {
  requireWriteOptions(asked.request.query, 'UpdateOptions')
  const sent = await readSent(asked)
  const { object, isCreated } = await asked.registry.put(asked.target, sent, writeOf(asked))
  return answerWith(asked, isCreated ? 201 : 200, object)
}

/** Answers the POST of a subresource. */
async function answerAction(asked: ObjectRequest, subresource: ActionSubresource): Promise<HttpAnswer> {
  const { request, target, options, registry, warnings } = asked
  requireWriteOptions(request.query, 'CreateOptions')
  const { namespace, name } = target
  const sent = await readSentBody(asked, subresource)
  const action = { namespace, name, ...sent, query: request.query, isDryRun: options.isDryRun }
  return objectAnswer(201, await registry.act(subresource, action, writeOf(asked)), warnings)
}

// Deviation: what is sent must be an object, in YAML 1.2 (`docs/deviations.md`, null as an object; YAML of objects; media types of discovery).
async function readSent(asked: ObjectRequest): Promise<KubeObject> {
  const { request, target, warnings } = asked
  const { resource } = target
  const { value, duplicates } = await readSentBody(asked, resource)
  const { object, errors } = readKubeObject(value, resource)
  warnings.push(...checkFields(errors, fieldValidationOf(request.query), duplicates))
  return object
}

/**
 * An answer in YAML instead of JSON. A long list stays as it is, in a stream: JSON is YAML too, and to write it otherwise would occupy the process.
 *
 * Source: apimachinery `pkg/runtime/serializer/json/json.go`.
 */
export async function inYaml(answer: HttpAnswer | Response): Promise<HttpAnswer | Response> {
  if (answer instanceof Response) {
    answer.headers.set('content-type', YAML_MEDIA_TYPE)
    return answer
  }
  const { stringify } = await import('yaml')
  const headers = { ...answer.headers, 'content-type': YAML_MEDIA_TYPE }
  return {
    ...answer,
    headers,
    content: stringify(JSON.parse(answer.content), { compat: 'yaml-1.1', lineWidth: 0 }),
  }
}
