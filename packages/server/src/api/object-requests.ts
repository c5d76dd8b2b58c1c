import type { AuthenticationRequest, Clock } from '@kube-authn/core'
import type { HttpAnswer } from '@kube-authn/core/adapter'
import { methodNotAllowed, type ReadBody } from '@kube-authn/core/internal'
import type { Registry } from '../registry/registry.ts'
import { subresourceOf } from '../registry/resource.ts'
import type { Caller } from '../registry/write.ts'
import { acceptedOf, requireOtherForm } from './accept.ts'
import { answerDelete, answerDeleteAll } from './delete-requests.ts'
import type { KubernetesApiCaller, ObjectRequest } from './object-request.ts'
import { answerPatch } from './patch-requests.ts'
import { readQueryOptions } from './query-options.ts'
import { requireValidated } from './require-validated.ts'
import { inYaml } from './yaml-answer.ts'
import { answerRead } from './read-requests.ts'
import type { RequestTarget } from './request-target.ts'
import { answerAction, answerCreate, answerUpdate } from './write-requests.ts'

/** What requests about objects need. */
export interface ObjectRequestsOptions {
  readonly registry: Registry
  readonly clock: Clock
  /** Whether writes of plain objects are refused. */
  readonly isStrict: boolean
}

/** A request about objects, as it arrives. */
export interface ReceivedRequest {
  readonly request: AuthenticationRequest
  readonly body: ReadBody
  readonly target: RequestTarget
  /** Aborts when the client is gone. */
  readonly signal: AbortSignal
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
