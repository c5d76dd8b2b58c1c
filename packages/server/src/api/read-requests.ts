import type { HttpAnswer } from '@kube-authn/core/adapter'
import { apiVersionOf } from '../registry/resource.ts'
import { expired } from '../registry/status-errors.ts'
import { answerWith, type ObjectRequest, shown } from './object-request.ts'
import { listAnswer } from './list-answer.ts'
import { pageOf, type QueryOptions } from './query-options.ts'
import { type RowContent, rowOf, tableHead } from './table.ts'
import { watchResponse } from './watch-response.ts'

/** How often a watch without changes tells how far it is. */
const BOOKMARK_MS = 60_000
/** How long a watch goes on if the client does not say, and at most. */
const WATCH_SECONDS = 1800

/**
 * Answers GET: one object, a list or a watch.
 *
 * Source: apiserver `pkg/endpoints/handlers/get.go`.
 *
 * Deviation: a list is of the present (`docs/deviations.md`, versions of lists).
 */
export async function answerRead(asked: ObjectRequest): Promise<HttpAnswer | Response> {
  const { target, options, registry } = asked
  if (target.name !== '') return answerWith(asked, 200, await registry.get(target))
  return options.isWatch ? watch(asked) : list(asked)
}

async function list(asked: ObjectRequest): Promise<HttpAnswer | Response> {
  const { target, options, form, registry, clock } = asked
  const { resource } = target
  const page = await registry.listStored({ ...target, ...options }, pageOf(options))
  requireVersion(page.resourceVersion, options)
  const metadata = {
    resourceVersion: page.resourceVersion,
    ...(page.continue !== undefined && { continue: page.continue }),
  }
  const { items: objects } = page
  if (form === 'object') {
    const head = { kind: `${resource.kind}List`, apiVersion: apiVersionOf(resource), metadata }
    return listAnswer({ head, member: 'items', objects, shown: (object) => object })
  }
  const row: RowContent = { resource, include: options.includeObject, nowMs: clock.now() }
  const head = tableHead({ resource, metadata })
  return listAnswer({ head, member: 'rows', objects, shown: (object) => rowOf(row, object) })
}

function watch(asked: ObjectRequest): Response {
  const { target, options, form, registry, clock } = asked
  const { resource } = target
  return watchResponse({
    clock,
    signal: asked.signal,
    timeoutSeconds: Math.min(options.timeoutSeconds ?? WATCH_SECONDS, WATCH_SECONDS),
    shown: (object) => shown(asked, object),
    // A table has ages, in seconds.
    form: () =>
      form === 'object' ? form : `${form} ${options.includeObject} ${Math.floor(clock.now() / 1000)}`,
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

/** A list is of the present. @throws {StatusError} 410 if the client wants the past. */
function requireVersion(version: string, { resourceVersion, isExact }: QueryOptions): void {
  if (resourceVersion === undefined || resourceVersion === Number(version)) return
  if (isExact) throw expired('The resourceVersion for the provided list is too old.')
}
