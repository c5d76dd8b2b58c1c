import { StoreError } from './store-error.ts'

/** How far a store is, and up to which revision it has forgotten changes. */
export interface StoreState {
  readonly revision: number
  readonly compactedRevision: number
}

/** @throws {StoreError} `revisionUnknown` */
export function requireKnown({ revision }: Pick<StoreState, 'revision'>, at: number): void {
  if (at <= revision) return
  throw new StoreError('revisionUnknown', `revision ${at} is unknown: the last one is ${revision}`)
}

/** @throws {StoreError} `revisionUnknown`, `revisionCompacted` */
export function requireRemembered(state: StoreState, since: number): void {
  requireKnown(state, since)
  if (since >= state.compactedRevision) return
  throw new StoreError(
    'revisionCompacted',
    `changes after revision ${since} were forgotten, up to revision ${state.compactedRevision}`,
  )
}
