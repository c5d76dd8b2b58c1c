import type { AuthenticationRequest, Clock } from '@kube-authn/core'
import type { HttpAnswer } from '@kube-authn/core/adapter'
import {
  checkFields,
  fieldValidationOf,
  methodNotAllowed,
  objectAnswer,
  readBodyValue,
  type ReadBody,
} from '@kube-authn/core/internal'
import type { KubeObject } from '../registry/kube-object.ts'
import { readKubeObject } from '../registry/read-kube-object.ts'
import type { Registry } from '../registry/registry.ts'
import { apiVersionOf, type Resource } from '../registry/resource.ts'
import { badRequest, expired, ignoreMissing } from '../registry/status-errors.ts'
import { acceptedForm, type Form } from './accept.ts'
import { readDeleteOptions } from './delete-options.ts'
import { type QueryOptions, readQueryOptions } from './query-options.ts'
import type { RequestTarget } from './request-target.ts'
import { tableOf } from './table.ts'
import { watchResponse } from './watch-response.ts'

/** The limit of request bodies in bytes: that of kube-apiserver. A stored object has at most 1 MiB. */
const MAX_BODY_BYTES = 3_145_728
/** How often a watch without changes tells how far it is. */
const BOOKMARK_MS = 60_000
/** How long a watch goes on if the client does not say, and at most. */
const WATCH_SECONDS = 1800

/** What requests about objects need. */
export interface ObjectRequestsOptions {
  readonly registry: Registry
  readonly clock: Clock
}

/** A request about objects. */
export interface ObjectRequest {
  readonly request: AuthenticationRequest
  readonly body: ReadBody
  readonly target: RequestTarget
  /** Aborts when the client is gone. */
  readonly signal: AbortSignal
}

/**
 * Answers requests about objects.
 *
 * Source: apiserver `pkg/endpoints/handlers`.
 *
 * Deviation: there is no PATCH yet (`docs/deviations.md`, verbs of objects). A list is of the present (`docs/deviations.md`, versions of lists).
 */
export function objectRequests({
  registry,
  clock,
}: ObjectRequestsOptions): (asked: ObjectRequest) => Promise<HttpAnswer | Response> {
  /** One object, in the form that the client prefers. */
  const shown = (
    { resource }: RequestTarget,
    object: KubeObject,
    form: Form,
    { includeObject: include }: QueryOptions,
  ): object => {
    if (form === 'object') return object
    const metadata = { resourceVersion: object.metadata.resourceVersion }
    return tableOf({ resource, objects: [object], metadata, include, nowMs: clock.now() })
  }

  const list = async (asked: ObjectRequest, options: QueryOptions, form: Form): Promise<HttpAnswer> => {
    const { resource } = asked.target
    const page = await registry.list({ ...asked.target, ...options }, pageOf(options))
    requireVersion(page.resourceVersion, options)
    const metadata = {
      resourceVersion: page.resourceVersion,
      ...(page.continue !== undefined && { continue: page.continue }),
    }
    return objectAnswer(
      200,
      form === 'object'
        ? { kind: `${resource.kind}List`, apiVersion: apiVersionOf(resource), metadata, items: page.items }
        : tableOf({
            resource,
            objects: page.items,
            metadata,
            include: options.includeObject,
            nowMs: clock.now(),
          }),
    )
  }

  const watch = (asked: ObjectRequest, options: QueryOptions, form: Form): Response => {
    const { target } = asked
    const { resource } = target
    return watchResponse({
      clock,
      signal: asked.signal,
      timeoutSeconds: Math.min(options.timeoutSeconds ?? WATCH_SECONDS, WATCH_SECONDS),
      shown: (object) => shown(target, object, form, options),
      bookmark: (resourceVersion) => ({
        kind: resource.kind,
        apiVersion: apiVersionOf(resource),
        metadata: { resourceVersion },
      }),
      events: (signal) =>
        registry.watch(
          { ...target, ...options },
          {
            signal,
            ...(options.resourceVersion !== undefined && { resourceVersion: options.resourceVersion }),
            ...(options.hasBookmarks && { bookmarkMs: BOOKMARK_MS }),
          },
        ),
    })
  }

  const readObjectOf = async (
    { request, body }: ObjectRequest,
    resource: Resource,
  ): Promise<{ readonly object: KubeObject; readonly warnings: readonly string[] }> => {
    const expected = { kind: resource.kind, apiVersions: [apiVersionOf(resource)] as const }
    const value = await readBodyValue(request, body, expected, MAX_BODY_BYTES)
    const { object, errors } = readKubeObject(value, resource)
    return { object, warnings: checkFields(errors, fieldValidationOf(request.query)) }
  }

  const create = async (asked: ObjectRequest, options: QueryOptions, form: Form): Promise<HttpAnswer> => {
    const { resource, namespace } = asked.target
    if (resource.isNamespaced && namespace === '') throw badRequest('namespace may not be empty')
    const { object, warnings } = await readObjectOf(asked, resource)
    const created = await registry.create({ resource, namespace }, object, options)
    return objectAnswer(201, shown(asked.target, created, form, options), warnings)
  }

  const update = async (asked: ObjectRequest, options: QueryOptions, form: Form): Promise<HttpAnswer> => {
    const { target } = asked
    const { object, warnings } = await readObjectOf(asked, target.resource)
    const updated =
      target.subresource === 'status'
        ? await registry.updateStatus(target, object, options)
        : await registry.update(target, object, options)
    return objectAnswer(200, shown(target, updated, form, options), warnings)
  }

  const deleteOptions = async (
    { request, body }: ObjectRequest,
    { isDryRun }: QueryOptions,
  ): Promise<ReturnType<typeof readDeleteOptions>> => {
    const bytes = await body(MAX_BODY_BYTES)
    const expected = { kind: 'DeleteOptions', apiVersions: ['v1'] as const }
    const value =
      bytes?.length === 0
        ? undefined
        : await readBodyValue(request, () => Promise.resolve(bytes), expected, MAX_BODY_BYTES)
    const options = readDeleteOptions(value, fieldValidationOf(request.query))
    return { ...options, isDryRun: options.isDryRun || isDryRun }
  }

  const remove = async (asked: ObjectRequest, options: QueryOptions, form: Form): Promise<HttpAnswer> => {
    const { target } = asked
    const { preconditions, isDryRun } = await deleteOptions(asked, options)
    const left = await registry.delete(target, preconditions, { isDryRun })
    const { deletionTimestamp, name, uid } = left.metadata
    if (deletionTimestamp !== undefined) return objectAnswer(200, shown(target, left, form, options))
    const { group, plural } = target.resource
    const details = { name, ...(group !== '' && { group }), kind: plural, uid }
    return objectAnswer(200, { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details })
  }

  const removeAll = async (asked: ObjectRequest, options: QueryOptions): Promise<HttpAnswer> => {
    const { resource } = asked.target
    const { preconditions, isDryRun } = await deleteOptions(asked, options)
    const page = await registry.list({ ...asked.target, ...options }, pageOf(options))
    for (const { metadata } of page.items) {
      const { name = '', namespace = '' } = metadata
      await registry.delete({ resource, namespace, name }, preconditions, { isDryRun }).catch(ignoreMissing)
    }
    const { resourceVersion, items } = page
    const kind = `${resource.kind}List`
    return objectAnswer(200, {
      kind,
      apiVersion: apiVersionOf(resource),
      metadata: { resourceVersion },
      items,
    })
  }

  return async function answer(asked) {
    const { request, target } = asked
    const form = acceptedForm(request.headers)
    const options = readQueryOptions(request.query)
    const isCollection = target.name === ''
    switch (request.method) {
      case 'GET':
        if (isCollection) return options.isWatch ? watch(asked, options, form) : list(asked, options, form)
        return objectAnswer(200, shown(target, await registry.get(target), form, options))
      case 'POST':
        if (isCollection) return create(asked, options, form)
        break
      case 'PUT':
        if (!isCollection) return update(asked, options, form)
        break
      case 'DELETE':
        if (isCollection && isDeletable(target)) return removeAll(asked, options)
        if (!isCollection && target.subresource === '') return remove(asked, options, form)
        break
    }
    throw methodNotAllowed(allowedMethods(target))
  }
}

/** Kubernetes deletes no collection over all namespaces, and not all namespaces. */
function isDeletable({ resource, namespace }: RequestTarget): boolean {
  const { isNamespaced, hasDeletableCollection = true } = resource
  return hasDeletableCollection && (!isNamespaced || namespace !== '')
}

function allowedMethods(target: RequestTarget): string {
  const { name, subresource } = target
  if (name === '') return isDeletable(target) ? 'DELETE, GET, POST' : 'GET, POST'
  return subresource === '' ? 'DELETE, GET, PUT' : 'GET, PUT'
}

function pageOf(options: QueryOptions): { readonly limit?: number; readonly continue?: string } {
  return {
    ...(options.limit !== undefined && { limit: options.limit }),
    ...(options.continue !== undefined && { continue: options.continue }),
  }
}

/** A list is of the present. @throws {StatusError} 410 if the client wants the past. */
function requireVersion(version: string, { resourceVersion, isExact }: QueryOptions): void {
  if (resourceVersion === undefined || resourceVersion === Number(version)) return
  if (isExact) throw expired('The resourceVersion for the provided list is too old.')
}
