import { type Clock, systemClock } from '../clock.ts'
import {
  type AuthorizationEvent,
  CLIENT_CLOSED_REQUEST,
  type ImpersonationEvent,
  type Observer,
  type RequestEvent,
  type ResponseEvent,
} from '../events.ts'
import { failedAuthenticationMessage } from '../handler/attempted.ts'
import { aClock, aFunction, checkOptions, type OptionsShape, required } from '../options/index.ts'
import type { AuthenticationRequest } from '../request/request.ts'
import { tell } from '../tell.ts'
import type { UserInfo } from '../user.ts'
import { userJson } from '../user-json.ts'
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
 * An observer that keeps an audit log, with the events of kube-apiserver at level Metadata: one when a request was
 * authenticated, and one when it was answered, or given up by its client: that is the code 499, after which more of the second kind may
 * tell what was decided meanwhile. One that could not be authenticated has a single event, of stage `ResponseStarted`.
 *
 * Give it to `authenticateRequest`, `impersonateRequest` and `authorizeRequest`, and the same request object to all three: that
 * is what tells which events belong together.
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
    const existing = records.get(request)
    if (existing !== undefined) return existing
    const record = new AuditRecord(request, {
      auditID: newId(),
      user: user === undefined ? { username: '' } : userJson(user),
      receivedAtMs: clock.now() - ageSeconds * 1000,
      sourceIPs: options.sourceIPs?.(request) ?? [],
    })
    records.set(request, record)
    return record
  }

  const writeLate = (record: AuditRecord): void => {
    if (record.isAbandoned) write(record, 'ResponseComplete')
  }

  const write = (record: AuditRecord, stage: AuditStage): void =>
    tell(options.write, record.event(stage, clock.now()))

  const onRequest = (event: RequestEvent): void => {
    const record = recordOf(event.request, event.user, event.durationSeconds)
    for (const [key, value] of Object.entries(event.annotations)) record.annotations.set(key, value)
    if (event.result === 'success') {
      write(record, 'RequestReceived')
      return
    }
    record.responseStatus = {
      metadata: {},
      status: 'Failure',
      message: failedAuthenticationMessage(event.request),
      reason: 'Unauthorized',
      // What a check that could not be made is answered with is for the app to say.
      ...(event.error?.code !== 'unavailable' && { code: 401 }),
    }
    write(record, 'ResponseStarted')
    record.isOver = true
  }

  const onImpersonation = (event: ImpersonationEvent): void => {
    const record = recordOf(event.request, event.requester, event.durationSeconds)
    if (event.impersonated !== undefined) record.impersonate(event.impersonated, event.mode)
    if (event.failure !== undefined) record.refuse(event.failure)
    writeLate(record)
  }

  const onAuthorization = (event: AuthorizationEvent): void => {
    const record = recordOf(event.request, event.attributes?.user, event.durationSeconds)
    record.attributes = event.attributes
    record.annotations.set(REASON, event.result === 'error' ? 'internal error' : event.reason)
    if (event.result !== 'error') record.annotations.set(DECISION, event.result)
    if (event.failure !== undefined) record.refuse(event.failure)
    writeLate(record)
  }

  const onResponse = (event: ResponseEvent): void => {
    const record = recordOf(event.request, undefined)
    if (record.isOver) return
    record.respond(event.status)
    write(record, 'ResponseComplete')
    record.isOver = true
    record.isAbandoned = event.status === CLIENT_CLOSED_REQUEST
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
