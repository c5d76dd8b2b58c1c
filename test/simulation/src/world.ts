import type { History } from './history.ts'
import type { Random } from './random.ts'
import type { Replica } from './replica.ts'
import type { StoreModel } from './store-model.ts'
import type { Timeline } from './timeline.ts'
import type { Invariant } from './violation.ts'

/** What clients, faults and checks share. */
export interface World {
  readonly time: Timeline
  readonly model: StoreModel
  readonly replicas: readonly Replica[]
  readonly random: Random
  /** The changes of the store, as the checks were told of them. */
  readonly seen: History
  /** When each change was made, by revision. */
  changedMs(revision: number): number
  /** Since when nothing is wrong with a replica, its way to the store and the store; `Infinity` while something is. */
  calmSinceMs(replica: Replica): number
  /** Ends the process of a replica, and begins another one. */
  restart(replica: Replica): void
  /** A line of the story. */
  tell(line: string): void
  /** Counts what happened, by name. */
  count(name: string): void
  /** An invariant does not hold: the simulation ends after this step. */
  violated(invariant: Invariant, what: string): void
  /** Resolves after a time. */
  pause(delayMs: number): Promise<void>
}
