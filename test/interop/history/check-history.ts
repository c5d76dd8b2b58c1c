import { changesProblems } from './changes-problems.ts'
import { checkLinearizability, type Model } from './linearizability.ts'
import { type KeyState, objectModel } from './object-model.ts'
import type { History, Operation } from './operation.ts'
import { realTimeProblems } from './real-time-problems.ts'

/** What is wrong with a history: nothing, if every operation took effect at one moment between its beginning and its end, on all replicas. */
export function checkHistory(history: History): readonly string[] {
  return [
    ...keyProblems(history),
    ...history.watches.flatMap((watch, index) => changesProblems(history, watch, `watch ${index}`)),
    ...differentWatches(history),
    ...realTimeProblems(history),
  ]
}

/** The keys whose operations have no order. */
export function keyProblems({ operations }: Pick<History, 'operations'>): readonly string[] {
  const model: Model<KeyState, Operation> = objectModel(seenRevisions(operations))
  const byKey = new Map<string, Operation[]>()
  for (const operation of operations) {
    const { key } = operation.asked
    const known = byKey.get(key)
    if (known === undefined) byKey.set(key, [operation])
    else known.push(operation)
  }
  return [...byKey].flatMap(([key, ofKey]) => {
    const timed = ofKey.map((operation) => ({
      operation,
      begin: operation.begin,
      end: operation.outcome.type === 'unknown' ? undefined : operation.end,
    }))
    const verdict = checkLinearizability(timed, model)
    if (verdict.isLinearizable) return []
    const before = verdict.explained.slice(-6).map(shown).join('; ')
    return [`${key} is not linearizable: ${shown(verdict.stuck)}, after ${before}`]
  })
}

/** The revision of each value that a client has seen, so that a change whose answer was lost has one. */
function seenRevisions(operations: readonly Operation[]): (value: string) => number | undefined {
  const revisions = new Map<string, number>()
  for (const { outcome } of operations) {
    if (outcome.type === 'ok' && outcome.object !== undefined)
      revisions.set(outcome.object.value, outcome.object.revision)
  }
  return (value) => revisions.get(value)
}

function differentWatches({ watches }: History): readonly string[] {
  const [first = [], ...others] = watches.map((watch) => watch.map((change) => JSON.stringify(change)))
  return others.flatMap((other, index) => {
    const at = Array.from({ length: Math.max(first.length, other.length) }).findIndex(
      (_, each) => first[each] !== other[each],
    )
    return at === -1 ? [] : [`watch ${index + 1} and watch 0 differ: ${other[at]}, not ${first[at]}`]
  })
}

function shown({ asked, outcome, begin, end }: Operation): string {
  return JSON.stringify({ ...asked, outcome, begin, end })
}
