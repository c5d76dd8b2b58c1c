import type { Attributes } from '../authorization/attributes.ts'
import {
  type RequestInfo,
  requestInfo,
  requestInfoWithoutSelectors,
} from '../authorization/request-info/request-info.ts'
import type { AuthenticationRequest } from '../request/request.ts'
import type { StatusError } from '../authenticator/status.ts'
import type { UserInfo } from '../authenticator/user.ts'
import { userJson, type UserJson } from '../authenticator/user-json.ts'
import type { AuditStage } from '../authenticator/events.ts'
import type { AuditEvent, AuditResponseStatus } from './event.ts'
import { objectReference, timestamp, userAgentOf } from './event-fields.ts'
import { Latency } from './latency.ts'
import { type AuditPolicy, type AuditRuling, EVERYTHING } from './policy.ts'
import { loggableUri } from './request-uri.ts'
import type { SourceIPs } from './source-ips.ts'

/** What is known of a request so far. */
export class AuditRecord {
  readonly latency: Latency = new Latency()
  /** That it was received is told, which is told once. */
  isReceived: boolean = false
  /** It was answered, or its client went away. What is found out after that is still to be written. */
  isComplete: boolean = false
  readonly #request: AuthenticationRequest
  readonly #start: AuditStart
  #annotations: Record<string, string> | undefined
  /** What the request is about, once an authorizer was asked. */
  #attributes: Attributes | undefined
  #ruling: AuditRuling | undefined
  #isJudged = false
  #sourceIPs: readonly string[] | undefined
  #user: UserJson | undefined
  #info: RequestInfo | undefined
  #impersonated: Impersonated | undefined
  #responseStatus: AuditResponseStatus | undefined
  /** The statuses that say no more than that no authenticator knew the caller; none where one did. */
  #refusedWith: readonly number[] = []
  readonly #earlierUsers: string[] = []

  constructor(request: AuthenticationRequest, start: AuditStart) {
    this.#request = request
    this.#start = start
  }

  /**
   * An authenticator knows the caller. The last one counts, as in the app: what an earlier one refused is taken back, and so is an earlier
   * user with whom they acted as.
   *
   * @returns whether this says anything new.
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

  /** The user that something was decided about, where no authenticator told one. */
  identify(user: UserInfo | undefined): void {
    if (user !== undefined && this.#user === undefined) this.#know(userJson(user))
  }

  annotate(key: string, value: string): void {
    // Without a prototype: `__proto__` is a key like others.
    this.#annotations ??= Object.create(null) as Record<string, string>
    this.#annotations[key] = value
  }

  /** An authorizer was asked about this; the last one counts. */
  describe(attributes: Attributes | undefined): void {
    this.#attributes = attributes
    this.#ruling = undefined
  }

  /**
   * How much of the request is logged, by what is known of it by now.
   *
   * @param onFirst told of the ruling when there was none before.
   */
  rulingBy(policy: AuditPolicy | undefined, onFirst: (ruling: AuditRuling) => void): AuditRuling {
    if (this.#ruling === undefined) {
      this.#ruling = policy === undefined ? EVERYTHING : this.#judgedBy(policy)
      if (!this.#isJudged) onFirst(this.#ruling)
      this.#isJudged = true
    }
    return this.#ruling
  }

  #judgedBy(policy: AuditPolicy): AuditRuling {
    const user = this.#user
    return policy.rulingOn(user && { username: user.username, groups: user.groups ?? [] }, () =>
      this.#about(),
    )
  }

  /** They are looked up when the first event is certain to be logged: later the connection may be gone. */
  locate(sourceIPs: SourceIPs): void {
    this.#sourceIPs ??= sourceIPs(this.#request)
  }

  #know(user: UserJson): void {
    this.#user = user
    this.#ruling = undefined
    this.#responseStatus = undefined
    this.#refusedWith = []
  }

  /** No authenticator knows the caller, or none could tell. What the answer to the latter is, is for the app to say. */
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

  /** Nothing was decided about the caller, since not all of the request is there. */
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
      reason,
      ...(details !== undefined && { details }),
      code,
    }
  }

  /** @returns whether this says anything new: that an unknown caller was refused is told before. */
  respond(code: number): boolean {
    if (this.#refusedWith.includes(code)) return false
    // An app may answer a refusal in its own way; what is logged is what was sent.
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
    // A watch takes long by its nature.
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
   * Of a request that no authorizer was asked about. Selectors of one that is refused before that are not read, which costs more than the rest.
   *
   * Deviation: kube-apiserver knows a name in a selector then too (`docs/deviations.md`, audit).
   */
  #requestInfo(): RequestInfo {
    if (this.#info === undefined && this.#responseStatus?.status === 'Failure') {
      return requestInfoWithoutSelectors(this.#request)
    }
    this.#info ??= requestInfo(this.#request)
    return this.#info
  }
}

/** Names that an earlier authenticator gave the caller, as a JSON list: no name can pass for two. */
const EARLIER_USERS = 'kube-authn/earlier-users'

type Impersonated = Pick<AuditEvent, 'impersonatedUser' | 'authenticationMetadata'>

/** What is known from the start. */
export interface AuditStart {
  readonly auditID: string
  readonly receivedAtMs: number
}
