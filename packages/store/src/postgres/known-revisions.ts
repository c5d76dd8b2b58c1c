import type { Channels } from '../local/channels.ts'
import { StoreError } from '../store-error.ts'
import type { StoreState } from './rows.ts'

/** The revisions of the store, as far as this process knows. */
export interface KnownRevisions {
  /** The greatest revision that this process has seen. */
  readonly revision: () => number
  /** The database has told of these revisions. */
  observe(state: StoreState): void
  /** The store was seen at a revision. */
  reached(revision: number): void
  /** The store is another one, at this revision. */
  restart(revision: number): void
  /** @throws {StoreError} `revisionUnknown`, `revisionCompacted`. @param state default: what is known without asking. */
  requireRemembered(this: void, since: number, state?: StoreState): void
}

/** It tells watchers of what is forgotten. */
export function knownRevisions(opened: StoreState, watched: Channels): KnownRevisions {
  let { revision: known, compactedRevision } = opened
  return {
    revision: () => known,
    observe(state) {
      known = Math.max(known, state.revision)
      if (state.compactedRevision <= compactedRevision) return
      compactedRevision = state.compactedRevision
      for (const each of watched.watchers()) each.forget(compactedRevision)
    },
    reached(revision) {
      known = Math.max(known, revision)
    },
    restart(revision) {
      known = revision
    },
    requireRemembered(since, state = { revision: known, compactedRevision }) {
      if (since > state.revision) {
        throw new StoreError(
          'revisionUnknown',
          `revision ${since} is unknown: the last one is ${state.revision}`,
        )
      }
      if (since >= state.compactedRevision) return
      throw new StoreError(
        'revisionCompacted',
        `changes after revision ${since} were forgotten, up to revision ${state.compactedRevision}`,
      )
    },
  }
}
