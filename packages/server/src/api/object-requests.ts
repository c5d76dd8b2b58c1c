import { checkFields, fieldValidationOf, objectAnswer, YAML_MEDIA_TYPE } from '@kube-authn/api/internal'
import { type HttpAnswer, StatusError } from '@kube-authn/core/adapter'
import { methodNotAllowed } from '@kube-authn/core/internal'
import type { KubeObject } from '../registry/kube-object.ts'
import { isFinished } from '../registry/prepare-object.ts'
import { readKubeObject } from '../registry/read-kube-object.ts'
import {
  type ActionSubresource,
  apiVersionOf,
  type Caller,
  qualifiedName,
  type Resource,
  subresourceOf,
} from '../registry/resource.ts'
import { ignoreMissing, ignoreOthers } from '../registry/status-errors.ts'
import { acceptedOf, requireOtherForm } from './accept.ts'
import { type DeleteOptions, deleteOptionsIn, readDeleteOptions } from './delete-options.ts'
import { listItem } from './list-answer.ts'
import {
  answerWith,
  type KubernetesApiCaller,
  MAX_BODY_BYTES,
  type ObjectRequest,
  reachVersion,
  readSentBody,
  requireCreator,
  writeOf,
} from './object-request.ts'
import { answerPatch } from './patch-requests.ts'
import { listOptions, readQueryOptions, requireVersion } from './query-options.ts'
import { answerRead } from './read-requests.ts'
import type { RequestTarget } from './request-target.ts'
import { dryRunIn, requireWriteOptions } from './write-options.ts'

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

/**
 * Answers the DELETE of one object.
 *
 * Source: apiserver `pkg/endpoints/handlers/delete.go`.
 */
async function answerDelete(asked: ObjectRequest): Promise<HttpAnswer> {
  const { target, registry, warnings } = asked
  const options = await readOptions(asked)
  const left = await registry.delete(target, options.preconditions, writeOf(asked, options.isDryRun))
  const { deletionTimestamp, name, uid } = left.metadata
  const { group, plural, deletionAnswer } = target.resource
  if (deletionTimestamp !== undefined || deletionAnswer !== undefined) {
    const isKept = deletionTimestamp !== undefined && !isFinished(left)
    return answerWith(asked, isKept && options.orphanDependents === false ? 202 : 200, left)
  }
  const details = { name, ...(group !== '' && { group }), kind: plural, uid }
  const status = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details }
  return objectAnswer(200, status, warnings)
}

async function answerDeleteAll(asked: ObjectRequest): Promise<HttpAnswer> {
  const { target, registry, warnings } = asked
  const { resource } = target
  const selected = listOptions(asked.options)
  const options = await readOptions(asked)
  await reachVersion(asked)
  const page = await registry.list({ ...target, ...selected }, selected)
  requireVersion(page.resourceVersion, selected)
  const hasOwn = Object.keys(options.preconditions).length > 0
  for (const { metadata } of page.items) {
    const { name = '', namespace = '', uid } = metadata
    // What was not listed, and has the name by now, is not meant.
    const preconditions = hasOwn || uid === undefined ? options.preconditions : { uid }
    await registry
      .delete({ resource, namespace, name }, preconditions, writeOf(asked, options.isDryRun))
      .catch(hasOwn ? ignoreMissing : ignoreOthers)
  }
  const { resourceVersion } = page
  const items = page.items.map(listItem)
  const kind = `${resource.kind}List`
  const list = { kind, apiVersion: apiVersionOf(resource), metadata: { resourceVersion }, items }
  return objectAnswer(200, list, warnings)
}

/** A dry run is one if the body or the query says so. */
async function readOptions({ request, body, target }: ObjectRequest): Promise<DeleteOptions> {
  const bytes = await body(MAX_BODY_BYTES)
  const inQuery = deleteOptionsIn(request.query, dryRunIn(request.query))
  if (bytes?.length === 0) return inQuery
  const received = { request, body: () => Promise.resolve(bytes) }
  const kind = { group: '', version: 'v1', kind: 'DeleteOptions' }
  const { value, duplicates } = await readSentBody(received, kind)
  const apiVersions = ['v1', 'meta.k8s.io/v1', apiVersionOf(target.resource)]
  const validation = fieldValidationOf(request.query)
  const sent = readDeleteOptions(value, validation, apiVersions, duplicates)
  return { ...sent, isDryRun: sent.isDryRun || inQuery.isDryRun }
}
