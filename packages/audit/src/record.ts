import { type Attributes, requestInfo, type RequestInfo } from '@kube-authn/core/authorization'
import {
  defined,
  type AuditStage,
  belowPrefix,
  nonResourceInfo,
  requestInfoWithoutSelectors,
  userJson,
  type UserJson,
} from '@kube-authn/core/internal'
import type { StatusError } from '@kube-authn/core/adapter'
import type { AuthenticationRequest, UserInfo } from '@kube-authn/core'
import type { AuditEvent, AuditResponseStatus } from './event.ts'
import { loggableUri, objectReference, timestamp, userAgentOf } from './event-fields.ts'
import { Latency } from './latency.ts'
import { type AuditPolicy, type AuditRuling, EVERYTHING } from './policy.ts'
import type { SourceIPs } from './source-ips.ts'

/** What is known about a request so far. */
export class AuditRecord {
  readonly latency: Latency = new Latency()
  /** Whether the event `RequestReceived`, which is written once, was written. */
  isReceived: boolean = false
  /** Whether the event `ResponseStarted` of a long-running request, which is written once, was written. */
  isStarted: boolean = false
  /** Whether it was answered or its client disconnected. Later decisions are still written. */
  isComplete: boolean = false
  readonly #request: AuthenticationRequest
  readonly #start: AuditStart
  #annotations: Record<string, string> | undefined
  /** The authorization attributes, once an authorizer was asked. */
  #attributes: Attributes | undefined
  #ruling: AuditRuling | undefined
  #isJudged = false
  #sourceIPs: readonly string[] | undefined
  #user: UserJson | undefined
  #info: RequestInfo | undefined
  #impersonated: Impersonated | undefined
  #responseStatus: AuditResponseStatus | undefined
  /** The statuses that only repeat that authentication failed; empty if it succeeded. */
  #refusedWith: readonly number[] = []
  readonly #earlierUsers: string[] = []

  constructor(request: AuthenticationRequest, start: AuditStart) {
    this.#request = request
    this.#start = start
  }

  /**
   * The request was authenticated. The last authentication counts, as in the app: it replaces an earlier refusal, and an earlier user
   * together with the user they impersonated.
   *
   * @returns whether this changes anything.
   */
  authenticate(user: UserInfo): boolean {
    const known = userJson(user)
    const earlier = this.#user
    const isOther = earlier === undefined || JSON.stringify(earlier) !== JSON.stringify(known)
    if (earlier !== undefined && isOther) this.#earlierUsers.push(earlier.username)
    const isNews = isOther || this.#impersonated !== undefined || this.#refusedWith.length > 0
    this.#impersonated = undefined
    this.#know(known)
    return isNews
  }

  /** The user of another decision, if authentication did not report one. */
  identify(user: UserInfo | undefined): void {
    if (user !== undefined && this.#user === undefined) this.#know(userJson(user))
  }

  annotate(key: string, value: string): void {
    // Without a prototype, so that `__proto__` is an ordinary key.
    this.#annotations ??= Object.create(null) as Record<string, string>
    this.#annotations[key] = value
  }

  /** An authorizer was asked about these attributes; the last ones count. */
  describe(attributes: Attributes | undefined): void {
    this.#attributes = attributes
    this.#ruling = undefined
  }

  /**
   * How much of the request is logged, according to what is known now.
   *
   * @param onFirst called with the first ruling.
   */
  rulingBy(policy: AuditPolicy | undefined, onFirst: (ruling: AuditRuling) => void): AuditRuling {
    if (this.#ruling === undefined) {
      const user = this.#user && { username: this.#user.username, groups: this.#user.groups ?? [] }
      this.#ruling = policy === undefined ? EVERYTHING : policy.rulingOn(user, () => this.#about())
      if (!this.#isJudged) onFirst(this.#ruling)
      this.#isJudged = true
    }
    return this.#ruling
  }

  /** Called when the first event is certain to be logged: later the connection may be closed. */
  locate(sourceIPs: SourceIPs): void {
    this.#sourceIPs ??= sourceIPs(this.#request)
  }

  /**
   * @param isLongRunning of the application. Default: the rule of kube-apiserver.
   *
   * Source: apiserver `pkg/server/filters/longrunning.go`; kubernetes `pkg/controlplane/apiserver/config.go`.
   */
  isLongRunning(isLongRunning?: (request: AuthenticationRequest) => boolean): boolean {
    try {
      if (isLongRunning !== undefined) return isLongRunning(this.#request)
    } catch {
      // One event more is better than one less.
      return true
    }
    const { resourceRequest, verb, subresource } = this.#about()
    return resourceRequest && (verb === 'watch' || verb === 'proxy' || LONG_RUNNING.has(subresource))
  }

  #know(user: UserJson): void {
    this.#user = user
    this.#ruling = undefined
    this.#responseStatus = undefined
    this.#refusedWith = []
  }

  /** Authentication failed, or was impossible. In the latter case the app chooses the status. */
  refuseUnknown(message: string, isUnavailable: boolean): void {
    this.#responseStatus = {
      metadata: {},
      status: 'Failure',
      message,
      reason: 'Unauthorized',
      ...(!isUnavailable && { code: 401 }),
    }
    if (this.#user === undefined) this.#refusedWith = isUnavailable ? [401, 503] : [401]
  }

  /** The caller was not authenticated, since the request is incomplete. */
  refuseUnread(failure: StatusError): void {
    this.refuse(failure)
    if (this.#user === undefined) this.#refusedWith = [failure.body.code]
  }

  impersonate(user: UserInfo, mode: string | undefined): void {
    this.#impersonated = {
      impersonatedUser: userJson(user),
      ...(mode !== undefined &&
        mode !== 'legacy' && { authenticationMetadata: { impersonationConstraint: `impersonate:${mode}` } }),
    }
  }

  refuse(failure: StatusError): void {
    const { message, reason, details, code } = failure.body
    this.#responseStatus = {
      metadata: {},
      status: 'Failure',
      message,
      ...defined({ reason, details }),
      code,
    }
  }

  /** @returns whether this is new information: the refusal of an unauthenticated request has already been logged. */
  respond(code: number): boolean {
    if (this.#refusedWith.includes(code)) return false
    // An app may respond to a refusal differently; the status that was sent is logged.
    if (this.#responseStatus?.code !== code) this.#responseStatus = { metadata: {}, code }
    return true
  }

  event(stage: AuditStage, nowMs: number): AuditEvent {
    const { path, query } = this.#request
    const about = this.#about()
    const userAgent = userAgentOf(this.#request)
    const sourceIPs = this.#sourceIPs ?? []
    const { auditID, receivedAtMs } = this.#start
    const annotations = { ...this.#annotations }
    if (this.#earlierUsers.length > 0) annotations[EARLIER_USERS] = JSON.stringify(this.#earlierUsers)
    // A watch is long-running by nature.
    if (stage === 'ResponseComplete' && about.verb !== 'watch')
      this.latency.addTo(annotations, (nowMs - receivedAtMs) / 1000)
    return {
      kind: 'Event',
      apiVersion: 'audit.k8s.io/v1',
      level: 'Metadata',
      auditID,
      stage,
      requestURI: loggableUri(path, query),
      verb: about.verb,
      user: this.#user ?? { username: '' },
      ...this.#impersonated,
      ...(sourceIPs.length > 0 && { sourceIPs }),
      ...(userAgent !== '' && { userAgent }),
      ...(about.resourceRequest && { objectRef: objectReference(about) }),
      ...(this.#responseStatus !== undefined && { responseStatus: this.#responseStatus }),
      requestReceivedTimestamp: timestamp(receivedAtMs),
      stageTimestamp: timestamp(nowMs),
      ...(Object.keys(annotations).length > 0 && { annotations }),
    }
  }

  #about(): Attributes | RequestInfo {
    return this.#attributes ?? this.#requestInfo()
  }

  /**
   * The info of a request that was not authorized. If it was refused, its selectors are not parsed, since that costs more than the rest.
   *
   * Deviation: kube-apiserver parses a name in a selector then too (`docs/deviations.md`, audit).
   */
  #requestInfo(): RequestInfo {
    if (this.#info !== undefined) return this.#info
    const { prefix } = this.#start
    const target = prefix === undefined ? this.#request : belowPrefix(this.#request, prefix)
    if (target === undefined) return nonResourceInfo(this.#request)
    if (this.#responseStatus?.status === 'Failure') return requestInfoWithoutSelectors(target)
    this.#info = requestInfo(target)
    return this.#info
  }
}

/** Usernames of earlier authentications, as a JSON array, so that one name cannot look like two. */
const EARLIER_USERS = 'kube-authn/earlier-users'

const LONG_RUNNING: ReadonlySet<string> = new Set(['attach', 'exec', 'proxy', 'log', 'portforward'])

type Impersonated = Pick<AuditEvent, 'impersonatedUser' | 'authenticationMetadata'>

/** What is known from the start. */
export interface AuditStart {
  readonly auditID: string
  readonly receivedAtMs: number
  /** What the paths of the Kubernetes API begin with. */
  readonly prefix?: string
}
