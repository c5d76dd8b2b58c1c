import type { answerDiscovery } from './answer.ts'
import type { discoveryDocuments } from './documents.ts'

/** What makes documents of discovery. */
export interface DiscoveryModule {
  readonly answerDiscovery: typeof answerDiscovery
  readonly discoveryDocuments: typeof discoveryDocuments
}

/** Loads it, since few apps need it. */
export function loadDiscovery(): Promise<DiscoveryModule> {
  return import('./index.ts')
}
