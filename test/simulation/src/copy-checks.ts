import type { StoreChange } from '@kube-authn/store'
import type { Process, Replica } from './replica.ts'
import type { World } from './world.ts'

/** What a replica decides from its copy of the store. */
export interface Decided {
  readonly replica: Replica
  /** What it is about. */
  readonly what: string
  readonly decision: string
  /** What it should be with the objects it depends on, in the order of their keys. */
  readonly from: (objects: readonly State[]) => string
}

/** Compares what replicas decide from copies with what was there. */
export interface CopyChecks {
  /** A process has acknowledged a write, so its copy of the object has it. */
  wrote(process: Process, key: string, revision: number): void
  /** A process is asked for a decision that depends on some objects. Returns a function that checks it. */
  asked(process: Process, keys: readonly string[]): (decided: Decided) => void
}

/** An object, if it is there. */
type State = StoreChange | undefined

/** A copy is that old at most: `maxStalenessSeconds`, by a monotonic time that is a little wrong. */
const BOUND_MS = 30_000 + 50

/** Nothing was decided yet. */
export function copyChecks({ time, seen, changedMs, violated, count }: World): CopyChecks {
  const written = new WeakMap<Process, Map<string, number>>()
  /** The last revision at a time. */
  const revisionAt = (timeMs: number): number => {
    let revision = seen.revision
    while (revision > 0 && changedMs(revision) > timeMs) revision--
    return revision
  }
  /** What an object was since a revision. */
  const statesOf = (key: string, oldest: number): readonly State[] => {
    const later = seen.of(key).filter(({ revision }) => revision > oldest)
    return [seen.at(key, oldest), ...later.map((each) => (each.type === 'deleted' ? undefined : each))]
  }
  return {
    wrote(process, key, revision) {
      const byProcess = written.get(process) ?? new Map<string, number>()
      written.set(process, byProcess.set(key, Math.max(byProcess.get(key) ?? 0, revision)))
    },
    asked(process, keys) {
      const oldest = Math.max(revisionAt(time.nowMs - BOUND_MS), revisionAt(process.startedMs))
      const ofProcess = keys.map((key) => Math.max(oldest, written.get(process)?.get(key) ?? 0))
      return ({ replica, what, decision, from }) => {
        // One object may be known later than another one.
        const states = keys.map((key, index) => statesOf(key, ofProcess[index] ?? 0))
        const allowed = new Set(combinations(states).map(from))
        count(`${what.split(' ', 1)[0]} ${decision.split(' ', 1)[0]}`)
        if (allowed.has(decision)) return
        violated(
          'copies',
          `${what} is "${decision}" at ${replica.name}, and was ${[...allowed].join(' or ')}`,
        )
      }
    },
  }
}

/** Every choice of one state of each object. */
function combinations(states: readonly (readonly State[])[]): readonly (readonly State[])[] {
  return states.reduce<readonly (readonly State[])[]>(
    (chosen, next) => chosen.flatMap((each) => next.map((state) => [...each, state])),
    [[]],
  )
}
