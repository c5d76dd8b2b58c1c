import {
  callDeadline,
  post,
  type PostOptions,
  systemClock,
  systemRandom,
  WebhookCallError,
  withFault,
  withRetries,
} from '@kube-authn/core/internal'
import type { AuditEvent } from '../event.ts'
import { AuditDeliveryError, type AuditWebhookOptions } from './options.ts'

const TITLE = 'the audit webhook'

/** A batch is not retried for longer, whatever delay the webhook asks for. */
const MAX_PATIENCE_MS = 600_000

export interface Delivery {
  /** Rejects with an {@link AuditDeliveryError} if they were not accepted. */
  deliver(events: readonly AuditEvent[]): Promise<void>
  /** Ends all delays: every batch that waits for a retry is sent once more, at once. */
  hurry(): void
  /** Aborts all calls. */
  end(): void
}

/** One delivery. Each has its own signals, since a signal is not meant for many listeners. */
interface UnderWay {
  readonly closing: AbortController
  readonly ending: AbortController
}

/**
 * Posts events, and retries after any failure.
 *
 * Source: apiserver `plugin/pkg/audit/webhook/webhook.go` (`retryOnError`).
 */
export function delivery(options: AuditWebhookOptions): Delivery {
  const { clock = systemClock, random = systemRandom } = options
  const timeoutMs = (options.timeoutSeconds ?? 30) * 1000
  const posting: PostOptions = {
    url: options.url,
    // Some runtimes throw if `fetch` is called as a method of another object.
    fetch: options.fetch ?? ((url, init) => fetch(url, init)),
    maxBytes: 1_048_576,
    title: TITLE,
    isTransientStatus: () => true,
  }
  const retrying = {
    clock,
    random,
    maxAttempts: options.maxAttempts ?? 5,
    initialDelayMs: (options.initialBackoffSeconds ?? 10) * 1000,
    mayRepeat: () => true,
  }

  const underWay = new Set<UnderWay>()
  let isHurried = false

  const send = async (body: string, ending: AbortSignal): Promise<void> => {
    const deadline = callDeadline(timeoutMs, clock, ending, TITLE)
    try {
      await deadline.race((signal) => post(body, posting, signal))
    } catch (error) {
      throw asTransient(error)
    } finally {
      deadline.end()
    }
  }

  const lost = (events: readonly AuditEvent[], error: unknown): AuditDeliveryError => {
    const isKnown = error instanceof WebhookCallError
    const message = isKnown ? error.message : `${TITLE} could not be called`
    const why = withFault(message, isKnown ? error.cause : error, options.redact?.() ?? [])
    return new AuditDeliveryError('undelivered', events.length, why)
  }

  const sendPatiently = async (body: string, own: UnderWay): Promise<void> => {
    const lastMs = clock.now() + MAX_PATIENCE_MS
    const closing = own.closing.signal
    const ending = own.ending.signal
    try {
      const patience = { signal: closing, remainingMs: () => lastMs - clock.now() }
      await withRetries(() => send(body, ending), retrying, patience)
    } catch (error) {
      if (!closing.aborted || ending.aborted) throw error
      await send(body, ending)
    }
  }

  return {
    async deliver(events) {
      const own = { closing: new AbortController(), ending: new AbortController() }
      if (isHurried) own.closing.abort()
      underWay.add(own)
      try {
        await sendPatiently(eventList(events), own)
      } catch (error) {
        throw lost(events, error)
      } finally {
        underWay.delete(own)
      }
    },
    hurry() {
      isHurried = true
      for (const { closing } of underWay) closing.abort()
    },
    end() {
      for (const { ending } of underWay) ending.abort()
    },
  }
}

function asTransient(error: unknown): unknown {
  if (!(error instanceof WebhookCallError) || error.isTransient) return error
  const { message, retryAfterMs, cause } = error
  return new WebhookCallError(message, { isTransient: true, retryAfterMs, cause })
}

/**
 * The body of a webhook call: an `audit.k8s.io/v1` EventList, in JSON.
 *
 * Source: apiserver `plugin/pkg/audit/webhook/webhook.go`.
 */
function eventList(events: readonly AuditEvent[]): string {
  return JSON.stringify({
    kind: 'EventList',
    apiVersion: 'audit.k8s.io/v1',
    metadata: {},
    // Items do not repeat the kind and version of the list.
    items: events.map(({ kind: _kind, apiVersion: _apiVersion, ...item }) => item),
  })
}
