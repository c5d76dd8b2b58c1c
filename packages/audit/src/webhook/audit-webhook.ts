import { notify } from '@kube-authn/core/adapter'
import { systemClock, tell } from '@kube-authn/core/internal'
import type { AuditEvent } from '../event.ts'
import { delivery } from './delivery.ts'
import { AuditDeliveryError, type AuditWebhookOptions, checkAuditWebhookOptions } from './options.ts'

/** A service that receives audit events. */
export interface AuditWebhook {
  /** Buffers an event, for the `write` of an `auditLog`. It never blocks. */
  readonly write: (event: AuditEvent) => void
  /** Sends the remaining events without delays, and settles when they are delivered or the timeout ends. Later events are lost. */
  readonly close: () => Promise<void>
}

/**
 * Sends the events of an audit log to a service, in batches (`--audit-webhook-config-file`, mode `batch`). A batch that fails for any
 * reason is retried after a delay. Requests never wait: if the buffer is full, events are lost, and `onError` receives their number.
 *
 * For long-running processes: on a runtime that stops after the last request, buffered events are lost.
 *
 * Source: apiserver `plugin/pkg/audit/webhook/webhook.go`, `plugin/pkg/audit/buffered/buffered.go`.
 *
 * Deviation: `https` by default, no mode `blocking`, and batches in progress count towards the buffer
 * (`docs/deviations.md`, audit webhooks).
 *
 * @throws {ConfigurationError} if the options are invalid.
 * @example
 * const webhook = auditWebhook({ url: 'https://audit.example.com/events', onError: (error) => console.error(error.message) })
 * app.use(authentication(authenticator, { observer: auditLog({ write: webhook.write }) }))
 */
export function auditWebhook(options: AuditWebhookOptions): AuditWebhook {
  checkAuditWebhookOptions(options)
  const { clock = systemClock, bufferSize = 10_000, closeTimeoutSeconds = 10 } = options
  const losses = lossReport(options)
  const deliveries = delivery(options)
  const batches = batchSender(options, (batch) =>
    deliveries.deliver(batch).catch((error: unknown) => {
      if (error instanceof AuditDeliveryError) losses.report(error)
    }),
  )
  let closed: Promise<void> | undefined

  const finish = async (): Promise<void> => {
    losses.close()
    deliveries.hurry()
    const sent = batches.sendAll()
    let cancelLimit = (): void => {}
    const limit = new Promise<void>((resolve) => {
      cancelLimit = clock.after(closeTimeoutSeconds * 1000, resolve)
    })
    await Promise.race([sent, limit])
    cancelLimit()
    deliveries.end()
    await sent
  }
  return {
    write(event) {
      if (closed !== undefined || batches.held() >= bufferSize) losses.drop()
      else batches.add(event)
    },
    close() {
      closed ??= finish()
      return closed
    },
  }
}

/** How long losses are accumulated before they are reported. */
const REPORT_MS = 1000

function lossReport(options: AuditWebhookOptions) {
  const { clock = systemClock, bufferSize = 10_000, onError, observer } = options
  let dropped = 0
  let isClosed = false

  const report = (error: AuditDeliveryError): void => {
    tell(onError, error)
    const plugin = error.code === 'undelivered' ? 'webhook' : 'buffered'
    notify(observer, { type: 'audit', what: 'error', level: 'Metadata', plugin, count: error.lostEvents })
  }
  const reportDropped = (): void => {
    if (dropped === 0) return
    const count = dropped
    dropped = 0
    const why = isClosed ? 'the log is closed' : `the buffer of ${bufferSize} events is full`
    report(new AuditDeliveryError(isClosed ? 'closed' : 'bufferFull', count, why))
  }
  return {
    report,
    /** Counts an event that is not buffered, which is reported a second later, together with others. */
    drop(): void {
      if (dropped++ === 0) clock.after(REPORT_MS, reportDropped)
    },
    /** Reports what was dropped so far. Later events are lost because the log is closed. */
    close(): void {
      reportDropped()
      isClosed = true
    },
  }
}

/** The number of concurrent batches; further ones wait in the buffer. */
const MAX_CONCURRENT = 64

/** @param deliver never rejects. */
function batchSender(options: AuditWebhookOptions, deliver: (batch: readonly AuditEvent[]) => Promise<void>) {
  const { clock = systemClock, maxBatchSize = 400, maxBatchWaitSeconds = 30 } = options
  const takeToken = tokenBucket(options.throttleQps ?? 10, options.throttleBurst ?? 15)
  const maxWaitMs = maxBatchWaitSeconds * 1000
  const waiting: AuditEvent[] = []
  const underWay = new Set<Promise<void>>()
  let held = 0
  /** Since when the oldest waiting event has been waiting. */
  let oldestMs = 0
  let isClosed = false

  let wakesMs = 0
  let cancelWake: (() => void) | undefined
  /** Schedules `sendReady`, unless it is already scheduled for an earlier time. */
  const wakeIn = (milliseconds: number): void => {
    const atMs = clock.now() + milliseconds
    if (cancelWake !== undefined && wakesMs <= atMs) return
    cancelWake?.()
    wakesMs = atMs
    cancelWake = clock.after(milliseconds, () => {
      cancelWake = undefined
      sendReady()
    })
  }

  const send = (): void => {
    const batch = waiting.splice(0, maxBatchSize)
    oldestMs = clock.now()
    const work: Promise<void> = deliver(batch).finally(() => {
      held -= batch.length
      underWay.delete(work)
      if (!isClosed) sendReady()
    })
    underWay.add(work)
  }

  const sendReady = (): void => {
    while (waiting.length >= maxBatchSize || (waiting.length > 0 && clock.now() - oldestMs >= maxWaitMs)) {
      // The next batch to finish calls this again.
      if (underWay.size >= MAX_CONCURRENT) return
      const waitMs = takeToken(clock.now())
      if (waitMs > 0) {
        wakeIn(waitMs)
        return
      }
      send()
    }
    if (waiting.length > 0) wakeIn(oldestMs + maxWaitMs - clock.now())
  }

  return {
    /** The number of events that are waiting or being sent. */
    held: () => held,
    add(event: AuditEvent): void {
      if (waiting.length === 0) oldestMs = clock.now()
      waiting.push(event)
      held++
      // Not synchronously: making a batch takes time, and a request is waiting.
      wakeIn(waiting.length >= maxBatchSize ? 0 : maxWaitMs)
    },
    /** Sends all that are waiting. Settles when nothing is being sent any more. */
    sendAll(): Promise<unknown> {
      isClosed = true
      cancelWake?.()
      while (waiting.length > 0) send()
      return Promise.all(underWay)
    },
  }
}

/**
 * Allows `perSecond` tokens per second on average, and up to `burst` at once after an idle period.
 *
 * Source: client-go `util/flowcontrol/throttle.go`.
 *
 * @returns a function that takes a token and returns 0, or returns the milliseconds until the next token.
 */
export function tokenBucket(perSecond: number, burst: number): (nowMs: number) => number {
  let tokens = burst
  let filledMs: number | undefined
  return (nowMs) => {
    const elapsedMs = Math.max(0, nowMs - (filledMs ?? nowMs))
    tokens = perSecond === Infinity ? burst : Math.min(burst, tokens + (elapsedMs * perSecond) / 1000)
    filledMs = nowMs
    // Fractions of a token add up to a little less than one.
    if (tokens >= 1 - ROUNDING) {
      tokens = Math.max(0, tokens - 1)
      return 0
    }
    return Math.ceil(((1 - tokens) * 1000) / perSecond)
  }
}

const ROUNDING = 1e-9
