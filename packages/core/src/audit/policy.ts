import type { AuditLevel, AuditStage } from '../authenticator/events.ts'
import type { UserInfo } from '../authenticator/user.ts'

/** What a policy decides about a request. */
export interface AuditRuling {
  readonly level: AuditLevel
  /** The stages at which nothing is logged, whatever the level. */
  readonly omitStages: ReadonlySet<AuditStage>
}

/** What a request is about, as far as it is known: as in `Attributes`. */
export interface AuditedTarget {
  readonly resourceRequest: boolean
  readonly verb: string
  readonly apiGroup: string
  readonly resource: string
  readonly subresource: string
  readonly namespace: string
  readonly name: string
  readonly path: string
}

/** Decides what of a request is logged. `auditPolicy` makes one. */
export interface AuditPolicy {
  /**
   * @param user who makes the request, whoever they act as; `undefined` where that is not known.
   * @param target what it is about. Asked for only where a rule depends on it.
   */
  rulingOn(user: Pick<UserInfo, 'username' | 'groups'> | undefined, target: () => AuditedTarget): AuditRuling
}

/** What happens without a policy. */
export const EVERYTHING: AuditRuling = { level: 'Metadata', omitStages: new Set() }
