import type { History, SeenChange, SeenList } from './operation.ts'

/** A moment at which a client knew that the store had reached a revision. */
interface Known {
  readonly at: number
  readonly revision: number
}

/** What must be at a revision, at a moment or later. */
interface Expected {
  readonly at: number
  readonly revision: number
  /** The least revision above what was known at that moment: 1 for a change, 0 for a read. */
  readonly above: 0 | 1
  readonly shown: string
}

/** Revisions that are not in the order of time, over all keys, and lists that are not of their revision. */
export function realTimeProblems(history: History): readonly string[] {
  const { operations, lists, watches } = history
  const changes = watches[0] ?? []
  const revisions = new Map(
    changes.filter(({ type }) => type !== 'deleted').map(({ value, revision }) => [value, revision]),
  )
  const known: Known[] = lists.map(({ end, revision }) => ({ at: end, revision }))
  const expected: Expected[] = lists.map(({ begin, revision, prefix }) => ({
    at: begin,
    revision,
    above: 0,
    shown: `a list of ${prefix}`,
  }))
  for (const { asked, outcome, begin, end } of operations) {
    if (outcome.type === 'ok') known.push({ at: end, revision: outcome.revision })
    if (asked.type === 'get') continue
    const answered = outcome.type === 'ok' ? outcome.revision : undefined
    const revision = answered ?? (asked.type === 'delete' ? undefined : revisions.get(asked.value))
    if (revision !== undefined) expected.push({ at: begin, revision, above: 1, shown: JSON.stringify(asked) })
  }
  return [...orderProblems(known, expected), ...listProblems(lists, changes)]
}

function orderProblems(known: readonly Known[], expected: readonly Expected[]): readonly string[] {
  const inTime = known.toSorted((one, other) => one.at - other.at)
  let index = 0
  let reached = 0
  return expected
    .toSorted((one, other) => one.at - other.at)
    .flatMap(({ at, revision, above, shown }) => {
      for (let next = inTime[index]; next !== undefined && next.at < at; next = inTime[++index])
        reached = Math.max(reached, next.revision)
      return revision >= reached + above
        ? []
        : [`${shown} has revision ${revision}, and ${reached} was known before it began`]
    })
}

function listProblems(lists: readonly SeenList[], changes: readonly SeenChange[]): readonly string[] {
  const objects = new Map<string, SeenChange>()
  let index = 0
  return lists
    .toSorted((one, other) => one.revision - other.revision)
    .flatMap(({ prefix, objects: seen, revision }) => {
      for (
        let next = changes[index];
        next !== undefined && next.revision <= revision;
        next = changes[++index]
      ) {
        if (next.type === 'deleted') objects.delete(next.key)
        else objects.set(next.key, next)
      }
      const expected = [...objects.values()].filter(({ key }) => key.startsWith(prefix)).map(named)
      const found = seen.map(named)
      return found.toSorted().join() === expected.toSorted().join()
        ? []
        : [`the list of ${prefix} at ${revision} has ${found.join()}, not ${expected.join()}`]
    })
}

function named({ key, value, revision, createdRevision }: Omit<SeenChange, 'type' | 'previous'>): string {
  return `${key}=${value}@${revision},${createdRevision}`
}
