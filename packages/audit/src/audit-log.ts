import {
  type AnnotationEvent,
  auditIdOf,
  type AuditStage,
  type AuthorizationEvent,
  failedAuthenticationMessage,
  type ImpersonationEvent,
  type ReceivedEvent,
  type RequestEvent,
  type ResponseEvent,
  systemClock,
  tell,
} from '@kube-authn/core/internal'
import { notify } from '@kube-authn/core/adapter'
import type { AuthenticationRequest, Observer, UserInfo } from '@kube-authn/core'
import { type AuditLogOptions, checkAuditLogOptions } from './audit-log-options.ts'
import type { AuditRuling } from './policy.ts'
import { AuditRecord } from './record.ts'
import { sourceIPsBehind } from './source-ips.ts'

/**
 * An observer that writes an audit log, with the events of kube-apiserver at level Metadata: for every request, or according to a policy.
 * All events of a request have the same `auditID`, which the response always carries in its `Audit-ID` header.
 *
 * | stage              | when                                                                                                         |
 * | ------------------ | ------------------------------------------------------------------------------------------------------------ |
 * | `RequestReceived`  | the request was authenticated, for the first time if there are several authentications                       |
 * | `ResponseStarted`  | authentication failed; the only event of a request that is answered with that failure                        |
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
  checkAuditLogOptions(options)
  const { policy, prefix, observer, clock = systemClock } = options
  const records = new WeakMap<AuthenticationRequest, AuditRecord>()
  const newId = options.newId ?? (() => crypto.randomUUID())
  const sourceIPs = sourceIPsOf(options)

  const recordOf = (
    request: AuthenticationRequest,
    user: UserInfo | undefined,
    ageSeconds = 0,
    received?: ReceivedEvent,
  ): AuditRecord => {
    let record = records.get(request)
    if (record === undefined) {
      record = new AuditRecord(request, {
        auditID: received?.auditId(newId) ?? auditIdOf(request, newId),
        receivedAtMs: clock.now() - ageSeconds * 1000,
        ...(prefix !== undefined && { prefix }),
      })
      records.set(request, record)
    }
    record.identify(user)
    return record
  }

  const countLevel = ({ level }: AuditRuling): void =>
    notify(observer, { type: 'audit', what: 'level', level, count: 1 })

  const write = (record: AuditRecord, stage: AuditStage): void => {
    const { level, omitStages } = record.rulingBy(policy, countLevel)
    if (level === 'None') return
    record.locate(sourceIPs)
    if (omitStages.has(stage)) return
    tell(options.write, record.event(stage, clock.now()))
    if (observer !== undefined) notify(observer, { type: 'audit', what: 'event', level, stage, count: 1 })
  }

  /** The last event of a request has all earlier decisions; a later decision needs another event. */
  const writeIfLate = (record: AuditRecord): void => {
    if (record.isComplete) write(record, 'ResponseComplete')
  }

  const onRequest = (event: RequestEvent): void => {
    const record = recordOf(event.request, undefined, event.durationSeconds)
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
    else
      record.refuseUnknown(
        failedAuthenticationMessage(event.request, event.credentialHeaders),
        event.error?.code === 'unavailable',
      )
    write(record, 'ResponseStarted')
  }

  const onImpersonation = (event: ImpersonationEvent): void => {
    const record = recordOf(event.request, event.requester, event.durationSeconds)
    record.latency.impersonation += event.durationSeconds
    if (event.impersonated !== undefined) record.impersonate(event.impersonated, event.mode)
    if (event.failure !== undefined) record.refuse(event.failure)
    writeIfLate(record)
  }

  const onAuthorization = (event: AuthorizationEvent): void => {
    const record = recordOf(event.request, event.attributes?.user, event.durationSeconds)
    record.latency.authorization += event.durationSeconds
    record.describe(event.attributes)
    record.annotate(REASON, event.result === 'error' ? 'internal error' : event.reason)
    if (event.result !== 'error') record.annotate(DECISION, event.result)
    if (event.failure !== undefined) record.refuse(event.failure)
    writeIfLate(record)
  }

  const onAnnotation = ({ request, key, value }: AnnotationEvent): void => {
    const record = recordOf(request, undefined)
    record.annotate(key, value)
    writeIfLate(record)
  }

  const onResponse = (event: ResponseEvent): void => {
    const record = recordOf(event.request, undefined)
    if (record.isComplete) return
    record.isComplete = true
    if (record.respond(event.status)) write(record, 'ResponseComplete')
  }

  return function observe(event) {
    if (event.type === 'received') recordOf(event.request, undefined, 0, event)
    else if (event.type === 'request') onRequest(event)
    else if (event.type === 'impersonation') onImpersonation(event)
    else if (event.type === 'authorization') onAuthorization(event)
    else if (event.type === 'annotation') onAnnotation(event)
    else if (event.type === 'response') onResponse(event)
  }
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

const DECISION = 'authorization.k8s.io/decision'
const REASON = 'authorization.k8s.io/reason'
