import type { Resource } from './resource.ts'
import type { SentSelectors } from './selectors.ts'

/** Which object is meant. */
export interface Target {
  readonly resource: Resource
  /** `''` for a resource without namespaces. */
  readonly namespace: string
  readonly name: string
  /** `''` or absent: the object itself. */
  readonly subresource?: string
}

/** Which objects are meant. */
export interface Collection extends SentSelectors {
  readonly resource: Resource
  /** `''` for all. */
  readonly namespace: string
}
