import type { Context, UserInfo } from '@kube-authn/core'
import type { ManagedFieldsEntry } from './kube-object.ts'

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
  /** Who writes, as the owner of fields. Default `kube-authn`. */
  readonly fieldManager?: string
  /** Who owns which fields of what is written. Default: who changes a field owns it. */
  readonly owners?: () => readonly ManagedFieldsEntry[]
}

/** What must be true of an object that is deleted. */
export interface Preconditions {
  readonly uid?: string | undefined
  readonly resourceVersion?: string | undefined
}
