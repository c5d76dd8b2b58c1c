import type { Clock } from '@kube-authn/core'
import { isStatusError } from '@kube-authn/core/internal'
import type { KubeObject } from '../registry/kube-object.ts'
import type { KubeWatchEvent } from '../registry/watch-objects.ts'
import { internalError } from './internal-error.ts'

/** What is streamed. */
export interface WatchStream {
  /** @param signal ends it. */
  readonly events: (signal: AbortSignal) => AsyncIterable<KubeWatchEvent>
  /** The JSON of an object, or of a bookmark's object. */
  readonly shown: (object: KubeObject) => object
  readonly bookmark: (resourceVersion: string) => KubeObject
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

  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const line = await nextLine(events, watch)
      if (line !== undefined) controller.enqueue(UTF8.encode(`${line.text}\n`))
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

const UTF8 = new TextEncoder()

interface Line {
  readonly text: string
  readonly isLast: boolean
}

async function nextLine(
  events: AsyncIterator<KubeWatchEvent>,
  watch: WatchStream,
): Promise<Line | undefined> {
  try {
    const next = await events.next()
    if (next.done === true) return undefined
    const { value } = next
    const object =
      value.type === 'BOOKMARK' ? watch.bookmark(value.resourceVersion) : watch.shown(value.object)
    return { text: JSON.stringify({ type: value.type, object }), isLast: false }
  } catch (thrown) {
    const { body } = isStatusError(thrown) ? thrown : internalError(thrown)
    return { text: JSON.stringify({ type: 'ERROR', object: body }), isLast: true }
  }
}
