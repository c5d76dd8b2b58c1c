import type { Clock } from '@kube-authn/core'
import { isStatusError } from '@kube-authn/core/internal'
import type { KubeObject } from '../registry/kube-object.ts'
import type { ObjectEvent, Bookmark, KubeWatchEvent } from '../registry/watch-objects.ts'
import { internalError } from '../registry/status-errors.ts'
import { INITIAL_EVENTS_END } from './table.ts'

/** What is streamed. */
export interface WatchStream {
  /** @param signal ends it. */
  readonly events: (signal: AbortSignal) => AsyncIterable<KubeWatchEvent>
  /** The JSON of an object, or of a bookmark's object. The first one of a watch may have more. */
  readonly shown: (object: KubeObject, isFirst: boolean) => object
  /** The form in which an object is shown now. */
  readonly form: (isFirst: boolean) => EventForm
  readonly bookmark: (metadata: KubeObject['metadata']) => KubeObject
  readonly timeoutSeconds: number
  readonly clock: Clock
  /** Aborts when the client is gone. */
  readonly signal: AbortSignal
}

/**
 * Changes as a stream of JSON, one on a line, until the time is over or the client is gone. The client determines the pace: a change is taken from the watch when
 * there is room for it.
 *
 * Source: apiserver `pkg/endpoints/handlers/watch.go`.
 */
export function watchResponse(watch: WatchStream): Response {
  const ending = new AbortController()
  const end = (): void => ending.abort()
  // First, since it throws if a selector is invalid.
  const events = watch.events(ending.signal)[Symbol.asyncIterator]()
  const cancelTimer = watch.clock.after(watch.timeoutSeconds * 1000, end)
  if (watch.signal.aborted) end()
  watch.signal.addEventListener('abort', end)
  const release = (): void => {
    cancelTimer()
    watch.signal.removeEventListener('abort', end)
  }

  let isFirst = true
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const line = await nextLine(events, watch, isFirst)
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

interface Line {
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly isLast: boolean
}

async function nextLine(
  events: AsyncIterator<KubeWatchEvent>,
  watch: WatchStream,
  isFirst: boolean,
): Promise<Line | undefined> {
  try {
    const next = await events.next()
    if (next.done === true) return undefined
    return { bytes: shownEvent(next.value, watch, isFirst), isLast: false }
  } catch (thrown) {
    const { body } = isStatusError(thrown) ? thrown : internalError(thrown)
    return { bytes: lineBytes(JSON.stringify({ type: 'ERROR', object: body })), isLast: true }
  }
}

function shownEvent(
  event: KubeWatchEvent,
  { bookmark, shown, form }: WatchStream,
  isFirst: boolean,
): Uint8Array<ArrayBuffer> {
  const { type } = event
  if (type === 'BOOKMARK') {
    const object = shown(bookmark(bookmarkMetadata(event)), isFirst)
    return lineBytes(JSON.stringify({ type, object }))
  }
  return eventLine(event, form(isFirst), () => JSON.stringify({ type, object: shown(event.object, isFirst) }))
}

function bookmarkMetadata({ resourceVersion, endsInitialEvents }: Bookmark): KubeObject['metadata'] {
  if (endsInitialEvents !== true) return { resourceVersion }
  return { resourceVersion, annotations: { [INITIAL_EVENTS_END]: 'true' } }
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
