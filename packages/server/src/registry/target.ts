import type { Resource } from './resource.ts'
import type { SentSelectors } from './selectors.ts'

/** Which object is meant. */
export interface Target {
  readonly resource: Resource
  /** `''` for a resource without namespaces. */
  readonly namespace: string
  readonly name: string
}

/** Which objects are meant. */
export interface Collection extends SentSelectors {
  readonly resource: Resource
  /** `''` for all. */
  readonly namespace: string
}

/** How something is written. */
export interface WriteOptions {
  /** Everything but the writing. Default `false`. */
  readonly isDryRun?: boolean
}

/** What must be true of an object that is deleted. */
export interface Preconditions {
  readonly uid?: string
  readonly resourceVersion?: string
}
