import type { AuthenticationRequest, Clock, ConfigurationProblem, Observer } from '@kube-authn/core'
import { aFunction, notify, type OptionsShape, required } from '@kube-authn/core/adapter'
import {
  defined,
  aClock,
  aPathPrefix,
  type AuditStage,
  auditIdOf,
  type AuthorizationEvent,
  failedAuthenticationMessage,
  type ImpersonationEvent,
  optionProblems,
  type ReceivedEvent,
  refuseProblems,
  type RequestEvent,
  type ResponseEvent,
  systemClock,
  tell,
  withFurtherProblems,
  withMethods,
} from '@kube-authn/core/internal'
import type { AuditEvent } from './event.ts'
import type { AuditPolicy } from './policy.ts'
import { AuditRecord } from './record.ts'
import { someTrustedProxies, sourceIPsBehind, type TrustedProxies } from './source-ips.ts'

/** Options of {@link auditLog}. */
export interface AuditLogOptions {
  /** Receives each event. It must not block: start asynchronous work and return. */
  readonly write: (event: AuditEvent) => void
  /**
   * Decides which requests are logged, as `auditPolicy` of `@kube-authn/audit` does. Default: every request, at level Metadata.
   */
  readonly policy?: AuditPolicy
  /**
   * What the paths of the Kubernetes API begin with, as in `/cluster`: the same as `prefix` of `impersonation` and `authorization`. The verb and the object of an event
   * are read from the path after it, and other paths have no object. `requestURI` is always as sent. Default: none.
   */
  readonly prefix?: string
  /**
   * The proxies whose `X-Forwarded-For` or `X-Real-Ip` is trusted for `sourceIPs`: the number of proxies in front of the server, or their
   * addresses and ranges. Default: none, so `sourceIPs` is the peer address.
   */
  readonly trustedProxies?: TrustedProxies
  /** The source addresses of a request, the client first, instead of `trustedProxies`: for runtimes without a peer address. */
  readonly sourceIPs?: (request: AuthenticationRequest) => readonly string[]
  /**
   * Whether the response to a request goes on until its client leaves, so that the event `ResponseStarted` tells of it before. Default: as in
   * kube-apiserver, a watch, and `log`, `exec`, `attach`, `portforward` and `proxy` of the Kubernetes API.
   */
  readonly isLongRunning?: (request: AuthenticationRequest) => boolean
  /** Generates the `auditID` of a request that has none. Default `crypto.randomUUID`. */
  readonly newId?: () => string
  /** Receives the activity of the log, which `metrics()` counts. */
  readonly observer?: Observer
  readonly clock?: Clock
}

export const auditLogShape: OptionsShape<AuditLogOptions> = {
  write: required(aFunction),
  policy: withMethods('a policy, as auditPolicy(...) makes', 'rulingOn'),
  prefix: aPathPrefix,
  trustedProxies: someTrustedProxies,
  sourceIPs: aFunction,
  isLongRunning: aFunction,
  newId: aFunction,
  observer: aFunction,
  clock: aClock,
}

function furtherProblems({
  sourceIPs,
  trustedProxies,
}: Partial<AuditLogOptions>): readonly ConfigurationProblem[] {
  if (sourceIPs === undefined || trustedProxies === undefined) return []
  return [{ path: 'sourceIPs', message: 'must not be given together with trustedProxies' }]
}

/**
 * An observer that writes an audit log, with the events of kube-apiserver at level Metadata: for every request, or according to a policy.
 * All events of a request have the same `auditID`, which the response always carries in its `Audit-ID` header.
 *
 * | stage              | when                                                                                                         |
 * | ------------------ | ------------------------------------------------------------------------------------------------------------ |
 * | `RequestReceived`  | the request was authenticated, for the first time if there are several authentications                       |
 * | `ResponseStarted`  | authentication failed; the only event of a request that is answered with that failure                        |
 * |                    | a long-running request was allowed, or refused                                                               |
 * | `ResponseComplete` | it was answered, or its client disconnected (code 499), with all decisions until then; later decisions emit another one |
 *
 * If the request is authenticated several times, for example by two `authentication` middlewares, the last user counts, as in the app; the
 * names of the others are in the annotation `kube-authn/earlier-users`.
 *
 * Pass it to `authenticateRequest`, `impersonateRequest` and `authorizeRequest`, and the same request object to all three, so that it can
 * correlate their events.
 *
 * Deviation: kube-apiserver sends an `Audit-ID` without an audit log, too (`docs/deviations.md`, audit ids), and writes
 * `RequestReceived` before authentication (`docs/deviations.md`, audit stages).
 *
 * Source: apiserver `pkg/endpoints/filters/{audit,authn_audit}.go`, `pkg/audit/request.go`.
 *
 * @throws {ConfigurationError} if an option is invalid.
 * @example
 * const observer = auditLog({ write: (event) => console.log(JSON.stringify(event)) })
 * app.use(authentication(authenticator, { observer }))
 */
export function auditLog(options: AuditLogOptions): Observer {
  refuseProblems(withFurtherProblems(optionProblems(auditLogShape, options), options, furtherProblems))
  const log = recordKeeper(options)
  return function observe(event) {
    if (event.type === 'received') log.recordOf(event.request, 0, event)
    else if (event.type === 'request') onRequest(event, log)
    else if (event.type === 'impersonation') onImpersonation(event, log)
    else if (event.type === 'authorization') onAuthorization(event, log)
    else if (event.type === 'annotation') {
      const record = log.recordOf(event.request)
      record.annotate(event.key, event.value)
      log.writeIfLate(record)
    } else if (event.type === 'response') onResponse(event, log)
  }
}

type RecordKeeper = ReturnType<typeof recordKeeper>

/** Keeps the records of requests, and writes their events. */
function recordKeeper(options: AuditLogOptions) {
  const { policy, prefix, observer, clock = systemClock, newId = () => crypto.randomUUID() } = options
  const records = new WeakMap<AuthenticationRequest, AuditRecord>()
  const sourceIPs = sourceIPsOf(options)

  const write = (record: AuditRecord, stage: AuditStage): void => {
    const { level, omitStages } = record.rulingBy(policy, (first) =>
      notify(observer, { type: 'audit', what: 'level', level: first.level, count: 1 }),
    )
    if (level === 'None') return
    record.locate(sourceIPs)
    if (omitStages.has(stage)) return
    tell(options.write, record.event(stage, clock.now()))
    if (observer !== undefined) notify(observer, { type: 'audit', what: 'event', level, stage, count: 1 })
  }

  return {
    /** The record of a request, which begins with the first event about it. */
    recordOf: (request: AuthenticationRequest, ageSeconds = 0, received?: ReceivedEvent): AuditRecord => {
      const known = records.get(request)
      if (known !== undefined) return known
      const record = new AuditRecord(request, {
        auditID: received?.auditId(newId) ?? auditIdOf(request, newId),
        receivedAtMs: clock.now() - ageSeconds * 1000,
        ...defined({ prefix }),
      })
      records.set(request, record)
      return record
    },
    write,
    /** A long-running request was allowed or refused. */
    start: (record: AuditRecord): void => {
      if (record.isStarted || record.isComplete || !record.isLongRunning(options.isLongRunning)) return
      record.isStarted = true
      write(record, 'ResponseStarted')
    },
    /** The last event of a request has all earlier decisions; a later decision needs another event. */
    writeIfLate: (record: AuditRecord): void => {
      if (record.isComplete) write(record, 'ResponseComplete')
    },
  }
}

function onRequest(event: RequestEvent, { recordOf, write }: RecordKeeper): void {
  const record = recordOf(event.request, event.durationSeconds)
  record.latency.authentication += event.durationSeconds
  for (const [key, value] of Object.entries(event.annotations)) record.annotate(key, value)
  if (event.result === 'success' && event.user !== undefined) {
    const isNews = record.authenticate(event.user)
    if (record.isComplete) {
      if (isNews) write(record, 'ResponseComplete')
    } else if (!record.isReceived) {
      record.isReceived = true
      write(record, 'RequestReceived')
    }
    return
  }
  const { refusal } = event.request
  if (refusal !== undefined) record.refuseUnread(refusal)
  else {
    const message = failedAuthenticationMessage(event.request, event.credentialHeaders)
    record.refuseUnknown(message, event.error?.code === 'unavailable')
  }
  write(record, 'ResponseStarted')
}

function onImpersonation(event: ImpersonationEvent, { recordOf, start, writeIfLate }: RecordKeeper): void {
  const record = recordOf(event.request, event.durationSeconds)
  record.identify(event.requester)
  record.latency.impersonation += event.durationSeconds
  if (event.impersonated !== undefined) record.impersonate(event.impersonated, event.mode)
  if (event.failure !== undefined) {
    record.refuse(event.failure)
    start(record)
  }
  writeIfLate(record)
}

function onAuthorization(event: AuthorizationEvent, { recordOf, start, writeIfLate }: RecordKeeper): void {
  const record = recordOf(event.request, event.durationSeconds)
  record.identify(event.attributes?.user)
  record.latency.authorization += event.durationSeconds
  record.describe(event.attributes)
  record.annotate(REASON, event.result === 'error' ? 'internal error' : event.reason)
  if (event.result !== 'error') record.annotate(DECISION, event.result)
  if (event.failure !== undefined) record.refuse(event.failure)
  start(record)
  writeIfLate(record)
}

const DECISION = 'authorization.k8s.io/decision'
const REASON = 'authorization.k8s.io/reason'

function onResponse({ request, status }: ResponseEvent, { recordOf, write }: RecordKeeper): void {
  const record = recordOf(request)
  if (record.isComplete) return
  record.isComplete = true
  if (record.respond(status)) write(record, 'ResponseComplete')
}

function sourceIPsOf({
  sourceIPs,
  trustedProxies = 0,
}: AuditLogOptions): (request: AuthenticationRequest) => readonly string[] {
  if (sourceIPs === undefined) return sourceIPsBehind(trustedProxies)
  return (request) => {
    // It probably reads headers, which a request that is refused unread does not have.
    if (request.refusal !== undefined) return []
    try {
      return sourceIPs(request)
    } catch {
      // An event without addresses is better than none.
      return []
    }
  }
}
