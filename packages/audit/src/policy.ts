import type { AuditLevel, AuditStage } from '@kube-authn/core/internal'
import type { UserInfo } from '@kube-authn/core'

/** The decision of a policy about a request. */
export interface AuditRuling {
  readonly level: AuditLevel
  /** The stages at which nothing is logged, whatever the level. */
  readonly omitStages: ReadonlySet<AuditStage>
}

/** The target of a request, as far as known: as in `Attributes`. */
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

/** Decides how much of a request is logged. `auditPolicy` creates one. */
export interface AuditPolicy {
  /**
   * @param user the user who makes the request, even if they impersonate another one; `undefined` if unknown.
   * @param target the target of the request. Called only if a rule depends on it.
   */
  rulingOn(user: Pick<UserInfo, 'username' | 'groups'> | undefined, target: () => AuditedTarget): AuditRuling
}

export const EVERYTHING: AuditRuling = { level: 'Metadata', omitStages: new Set() }
