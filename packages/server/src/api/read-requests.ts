import { objectAnswer } from '@kube-authn/api/internal'
import type { HttpAnswer } from '@kube-authn/core/adapter'
import { isStatusError } from '@kube-authn/core/internal'
import type { KubeObject } from '../registry/kube-object.ts'
import { apiVersionOf } from '../registry/resource.ts'
import { CREATED_AT } from '../registry/resources/columns.ts'
import { internalError } from '../registry/status-errors.ts'
import type { KubeWatchEvent, ObjectEvent } from '../registry/watch-objects.ts'
import { requireOtherForm, requireStream } from './accept.ts'
import { listAnswer, listItem } from './list-answer.ts'
import { answerWith, type ObjectRequest, reachVersion, shown } from './object-request.ts'
import { type ListOptions, listOptions, requireVersion } from './query-options.ts'
import { INITIAL_EVENTS_END, partialObject, type RowContent, rowOf, tableHead } from './table.ts'

/**
 * Answers GET: one object, a list or a watch.
 *
 * Source: apiserver `pkg/endpoints/handlers/get.go`.
 *
 * Deviation: a list is of the present (`docs/deviations.md`, versions of lists).
 */
export async function answerRead(asked: ObjectRequest): Promise<HttpAnswer | Response> {
  const { target, registry } = asked
  if (target.name !== '') {
    await reachVersion(asked)
    return answerWith(asked, 200, await registry.get(target))
  }
  const options = listOptions(asked.options)
  if (options.isWatch) {
    requireStream(asked)
    return watchResponse(asked, options)
  }
  requireOtherForm(asked.form, 'metadata')
  return list(asked, options)
}

async function list(asked: ObjectRequest, options: ListOptions): Promise<HttpAnswer | Response> {
  const { target, form, registry, clock } = asked
  const { resource } = target
  await reachVersion(asked)
  const page = await registry.listStored({ ...target, ...options }, options)
  requireVersion(page.resourceVersion, options)
  const metadata = {
    resourceVersion: page.resourceVersion,
    ...(page.continue !== undefined && { continue: page.continue }),
  }
  const { items: objects } = page
  if (form === 'object') {
    const head = { kind: `${resource.kind}List`, apiVersion: apiVersionOf(resource), metadata }
    return listAnswer({ head, member: 'items', objects, shown: listItem })
  }
  if (form === 'metadataList') {
    const head = { kind: 'PartialObjectMetadataList', apiVersion: 'meta.k8s.io/v1', metadata }
    return listAnswer({ head, member: 'items', objects, shown: partialObject })
  }
  const row: RowContent = { resource, include: options.includeObject, nowMs: clock.now() }
  const head = tableHead({ resource, metadata })
  // The table of kinds without columns of their own has no empty list there.
  if (objects.length === 0 && resource.columns.includes(CREATED_AT))
    return objectAnswer(200, { ...head, rows: null })
  return listAnswer({ head, member: 'rows', objects, shown: (object) => rowOf(row, object) })
}

/** How often a watch without changes tells how far it is. */
const BOOKMARK_MS = 60_000
/** How long a watch goes on if the client does not say, and at most. */
const WATCH_SECONDS = 1800

/**
 * Changes as a stream of JSON, one on a line, until the time is over or the client is gone. The client determines the pace: a change is taken from the watch when
 * there is room for it.
 *
 * Source: apiserver `pkg/endpoints/handlers/watch.go`.
 */
function watchResponse(asked: ObjectRequest, options: ListOptions): Response {
  const { clock, signal } = asked
  const ending = new AbortController()
  const end = (): void => ending.abort()
  // First, since it throws if a selector is invalid.
  const events = eventsOf(asked, options, ending.signal)[Symbol.asyncIterator]()
  const seconds = Math.min(options.timeoutSeconds ?? WATCH_SECONDS, WATCH_SECONDS)
  const cancelTimer = clock.after(seconds * 1000, end)
  if (signal.aborted) end()
  signal.addEventListener('abort', end)
  const release = (): void => {
    cancelTimer()
    signal.removeEventListener('abort', end)
  }

  let isFirst = true
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const line = await nextLine(events, asked, isFirst)
      isFirst = false
      if (line !== undefined) controller.enqueue(line.bytes)
      if (line === undefined || line.isLast) {
        release()
        controller.close()
      }
    },
    cancel() {
      end()
      release()
    },
  })
  return new Response(body, {
    headers: { 'content-type': 'application/json', 'cache-control': 'no-cache, private' },
  })
}

function eventsOf(
  { registry, target }: ObjectRequest,
  options: ListOptions,
  signal: AbortSignal,
): AsyncIterable<KubeWatchEvent> {
  const { resourceVersion, sendInitialEvents, hasBookmarks } = options
  const query = {
    signal,
    sendInitialEvents,
    ...(resourceVersion !== undefined && resourceVersion !== 0 && { resourceVersion }),
    ...(hasBookmarks && { bookmarkMs: BOOKMARK_MS }),
  }
  return registry.watch({ ...target, ...options }, query)
}

interface Line {
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly isLast: boolean
}

async function nextLine(
  events: AsyncIterator<KubeWatchEvent>,
  asked: ObjectRequest,
  isFirst: boolean,
): Promise<Line | undefined> {
  try {
    const next = await events.next()
    if (next.done === true) return undefined
    return { bytes: shownEvent(next.value, asked, isFirst), isLast: false }
  } catch (thrown) {
    const { body } = isStatusError(thrown) ? thrown : internalError(thrown)
    return { bytes: lineBytes(JSON.stringify({ type: 'ERROR', object: body })), isLast: true }
  }
}

/** Only in the first event of a watch a table describes its columns. */
function shownEvent(event: KubeWatchEvent, asked: ObjectRequest, isFirst: boolean): Uint8Array<ArrayBuffer> {
  const { target, form, options, clock } = asked
  const json = (object: KubeObject): string =>
    JSON.stringify({ type: event.type, object: shown(asked, object, isFirst) })
  if (event.type === 'BOOKMARK') {
    const { kind } = target.resource
    const { resourceVersion, endsInitialEvents } = event
    const annotations = endsInitialEvents === true && { annotations: { [INITIAL_EVENTS_END]: 'true' } }
    const metadata = { resourceVersion, ...annotations }
    return lineBytes(json({ kind, apiVersion: apiVersionOf(target.resource), metadata }))
  }
  // A table has ages, in seconds.
  const shownAs =
    form === 'table'
      ? { name: `${form} ${options.includeObject} ${isFirst}`, atSeconds: Math.floor(clock.now() / 1000) }
      : { name: form }
  return eventLine(event, shownAs, () => json(event.object))
}

/** How an event is shown. Watches of the same form show it alike. */
interface EventForm {
  readonly name: string
  /** The second at which it is shown, if the line depends on it. */
  readonly atSeconds?: number
}

interface SharedLine {
  readonly bytes: Uint8Array
  readonly atSeconds: number | undefined
}

/** The lines of events, by the names of forms: of each only the last one, since an event may be shown again and again. */
const lines = new WeakMap<ObjectEvent, Map<string, SharedLine>>()

/**
 * The line of an event, which is made once for all watches to which it is shown in the same form.
 *
 * Source: apiserver `pkg/storage/cacher/caching_object.go`.
 *
 * @returns bytes of their own, since the reader of a stream may change or transfer what it gets.
 */
export function eventLine(
  event: ObjectEvent,
  { name, atSeconds }: EventForm,
  made: () => string,
): Uint8Array<ArrayBuffer> {
  const known = lines.get(event) ?? new Map<string, SharedLine>()
  const last = known.get(name)
  const bytes = last !== undefined && last.atSeconds === atSeconds ? last.bytes : lineBytes(made())
  if (known.size === 0) lines.set(event, known)
  known.set(name, { bytes, atSeconds })
  return new Uint8Array(bytes)
}

/** JSON, and the end of its line. */
function lineBytes(json: string): Uint8Array<ArrayBuffer> {
  return UTF8.encode(`${json}\n`)
}

const UTF8 = new TextEncoder()
