import type { Attributes } from '../authorization/attributes.ts'
import {
  type RequestInfo,
  requestInfo,
  requestInfoWithoutSelectors,
} from '../authorization/request-info/request-info.ts'
import type { AuthenticationRequest } from '../request/request.ts'
import type { StatusError } from '../status.ts'
import type { UserInfo } from '../user.ts'
import { userJson, type UserJson } from '../user-json.ts'
import type { AuditEvent, AuditObjectReference, AuditResponseStatus, AuditStage } from './event.ts'
import { loggableUri } from './request-uri.ts'

const MAX_USER_AGENT_LENGTH = 1024

/** What is known of a request so far. */
export class AuditRecord {
  readonly annotations: Map<string, string> = new Map()
  /** What the request is about, once an authorizer was asked. */
  attributes: Attributes | undefined
  responseStatus: AuditResponseStatus | undefined
  /** Nothing more is to be written of it. */
  isOver: boolean = false
  /** Its client went away, maybe while it was decided. What is decided then is still to be written. */
  isAbandoned: boolean = false
  readonly #request: AuthenticationRequest
  readonly #start: AuditStart
  #info: RequestInfo | undefined
  #impersonated: Pick<AuditEvent, 'impersonatedUser' | 'authenticationMetadata'> = {}

  constructor(request: AuthenticationRequest, start: AuditStart) {
    this.#request = request
    this.#start = start
  }

  impersonate(user: UserInfo, mode: string | undefined): void {
    this.#impersonated = {
      impersonatedUser: userJson(user),
      ...(mode !== undefined &&
        mode !== 'legacy' && { authenticationMetadata: { impersonationConstraint: `impersonate:${mode}` } }),
    }
  }

  refuse(failure: StatusError): void {
    const { message, reason, code } = failure.body
    this.responseStatus = { metadata: {}, status: 'Failure', message, reason, code }
  }

  respond(code: number): void {
    // An app may answer a refusal in its own way; what is logged is what was sent.
    this.responseStatus = this.responseStatus?.code === code ? this.responseStatus : { metadata: {}, code }
  }

  event(stage: AuditStage, nowMs: number): AuditEvent {
    const { path, query, headers } = this.#request
    const about = this.attributes ?? this.#requestInfo()
    const userAgent = headers.first('user-agent') ?? ''
    const { auditID, user, sourceIPs, receivedAtMs } = this.#start
    return {
      kind: 'Event',
      apiVersion: 'audit.k8s.io/v1',
      level: 'Metadata',
      auditID,
      stage,
      requestURI: loggableUri(path, query),
      verb: about.verb,
      user,
      ...this.#impersonated,
      ...(sourceIPs.length > 0 && { sourceIPs }),
      ...(userAgent !== '' && { userAgent: truncated(userAgent) }),
      ...(about.resourceRequest && { objectRef: objectReference(about) }),
      ...(this.responseStatus !== undefined && { responseStatus: this.responseStatus }),
      requestReceivedTimestamp: timestamp(receivedAtMs),
      stageTimestamp: timestamp(nowMs),
      ...(this.annotations.size > 0 && { annotations: Object.fromEntries(this.annotations) }),
    }
  }

  /**
   * What nobody asked an authorizer about. Whoever is refused before that cannot have selectors read, which costs more than the rest.
   *
   * Deviation: kube-apiserver knows a name in a selector then too (`docs/deviations.md`, audit).
   */
  #requestInfo(): RequestInfo {
    if (this.#info === undefined && this.responseStatus?.status === 'Failure') {
      return requestInfoWithoutSelectors(this.#request)
    }
    this.#info ??= requestInfo(this.#request)
    return this.#info
  }
}

/** What is known from the start. */
export interface AuditStart {
  readonly auditID: string
  readonly user: UserJson
  readonly receivedAtMs: number
  readonly sourceIPs: readonly string[]
}

type ObjectFields = Pick<
  Attributes,
  'resource' | 'namespace' | 'name' | 'apiGroup' | 'apiVersion' | 'subresource'
>

function objectReference(about: ObjectFields): AuditObjectReference {
  const { resource, namespace, name, apiGroup, apiVersion, subresource } = about
  const all = { resource, namespace, name, apiGroup, apiVersion, subresource }
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== ''))
}

function truncated(userAgent: string): string {
  if (userAgent.length <= MAX_USER_AGENT_LENGTH) return userAgent
  return `${userAgent.slice(0, MAX_USER_AGENT_LENGTH)}...TRUNCATED`
}

/** RFC 3339 with microseconds, as Kubernetes writes it. */
function timestamp(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace('Z', '000Z')
}
