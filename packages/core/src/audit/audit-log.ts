import { type Clock, systemClock } from '../clock.ts'
import type {
  AuthorizationEvent,
  ImpersonationEvent,
  Observer,
  RequestEvent,
  ResponseEvent,
} from '../events.ts'
import { failedAuthenticationMessage } from '../handler/attempted.ts'
import { aClock, aFunction, checkOptions, type OptionsShape, required } from '../options/index.ts'
import type { AuthenticationRequest } from '../request/request.ts'
import { tell } from '../tell.ts'
import type { UserInfo } from '../user.ts'
import type { AuditEvent, AuditStage } from './event.ts'
import { AuditRecord } from './record.ts'

/** Options of {@link auditLog}. */
export interface AuditLogOptions {
  /** Takes each event. It must not wait: start work of its own and return. */
  readonly write: (event: AuditEvent) => void
  /** Where a request came from, the client first. Default: not said. */
  readonly sourceIPs?: (request: AuthenticationRequest) => readonly string[]
  /** Makes the `auditID` of a request. Default `crypto.randomUUID`. */
  readonly newId?: () => string
  readonly clock?: Clock
}

/** The checks of {@link AuditLogOptions}, for packages whose options have more. */
export const auditLogShape: OptionsShape<AuditLogOptions> = {
  write: required(aFunction),
  sourceIPs: aFunction,
  newId: aFunction,
  clock: aClock,
}

/**
 * An observer that keeps an audit log, with the events of kube-apiserver at level Metadata. All events of a request have one `auditID`.
 *
 * | stage              | when                                                                                                          |
 * | ------------------ | ------------------------------------------------------------------------------------------------------------- |
 * | `RequestReceived`  | the request was authenticated, for the first time where several authenticators are asked                      |
 * | `ResponseStarted`  | it could not be authenticated; for a request that is answered with just that, it is the only event             |
 * | `ResponseComplete` | it was answered, or its client went away (code 499): with all that was decided by then; what is decided after that is told by another one |
 *
 * Where several authenticators know the caller, as behind two `authentication` middlewares, the last one counts, as in the app; the names
 * that others gave are in the annotation `kube-authn/earlier-users`.
 *
 * Give it to `authenticateRequest`, `impersonateRequest` and `authorizeRequest`, and the same request object to all three: that
 * is what tells which events belong together.
 *
 * Deviation: kube-apiserver writes `RequestReceived` before anything is known (`docs/deviations.md`, audit stages).
 *
 * Source: apiserver `pkg/endpoints/filters/{audit,authn_audit}.go`, `pkg/audit/request.go`.
 *
 * @throws {ConfigurationError} when an option cannot work.
 * @example
 * const observer = auditLog({ write: (event) => console.log(JSON.stringify(event)) })
 * app.use(authentication(authenticator, { observer }))
 */
export function auditLog(options: AuditLogOptions): Observer {
  checkOptions(auditLogShape, options)
  const records = new WeakMap<AuthenticationRequest, AuditRecord>()
  const clock = options.clock ?? systemClock
  const newId = options.newId ?? (() => crypto.randomUUID())

  const recordOf = (
    request: AuthenticationRequest,
    user: UserInfo | undefined,
    ageSeconds = 0,
  ): AuditRecord => {
    let record = records.get(request)
    if (record === undefined) {
      record = new AuditRecord(request, {
        auditID: newId(),
        receivedAtMs: clock.now() - ageSeconds * 1000,
        // They are likely in a header, and those of a request that is refused unread are not told.
        sourceIPs: request.refusal === undefined ? (options.sourceIPs?.(request) ?? []) : [],
      })
      records.set(request, record)
    }
    record.identify(user)
    return record
  }

  const write = (record: AuditRecord, stage: AuditStage): void =>
    tell(options.write, record.event(stage, clock.now()))

  /** The end of a request tells what was decided before it; what is decided later has no other event to be told by. */
  const writeIfLate = (record: AuditRecord): void => {
    if (record.isComplete) write(record, 'ResponseComplete')
  }

  const onRequest = (event: RequestEvent): void => {
    const record = recordOf(event.request, undefined, event.durationSeconds)
    for (const [key, value] of Object.entries(event.annotations)) record.annotations.set(key, value)
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
    else record.refuseUnknown(failedAuthenticationMessage(event.request), event.error?.code === 'unavailable')
    write(record, 'ResponseStarted')
  }

  const onImpersonation = (event: ImpersonationEvent): void => {
    const record = recordOf(event.request, event.requester, event.durationSeconds)
    if (event.impersonated !== undefined) record.impersonate(event.impersonated, event.mode)
    if (event.failure !== undefined) record.refuse(event.failure)
    writeIfLate(record)
  }

  const onAuthorization = (event: AuthorizationEvent): void => {
    const record = recordOf(event.request, event.attributes?.user, event.durationSeconds)
    record.attributes = event.attributes
    record.annotations.set(REASON, event.result === 'error' ? 'internal error' : event.reason)
    if (event.result !== 'error') record.annotations.set(DECISION, event.result)
    if (event.failure !== undefined) record.refuse(event.failure)
    writeIfLate(record)
  }

  const onResponse = (event: ResponseEvent): void => {
    const record = recordOf(event.request, undefined)
    if (record.isComplete) return
    record.isComplete = true
    if (record.respond(event.status)) write(record, 'ResponseComplete')
  }

  return function observe(event) {
    if (event.type === 'request') onRequest(event)
    else if (event.type === 'impersonation') onImpersonation(event)
    else if (event.type === 'authorization') onAuthorization(event)
    else if (event.type === 'response') onResponse(event)
  }
}

const DECISION = 'authorization.k8s.io/decision'
const REASON = 'authorization.k8s.io/reason'
