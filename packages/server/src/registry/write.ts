import type { UserInfo } from '@kube-authn/core'
import type { Context } from '@kube-authn/core/internal'

/** Who writes. */
export interface Caller {
  readonly user: UserInfo
  /** Takes warnings and annotations of the audit event. */
  readonly context: Context
}

/** How something is written. */
export interface WriteOptions {
  /** Everything but the writing. Default `false`. */
  readonly isDryRun?: boolean
  /** Default: the server itself, which may do everything. */
  readonly caller?: Caller
}

/** What must be true of an object that is deleted. */
export interface Preconditions {
  readonly uid?: string
  readonly resourceVersion?: string
}
