import type { Asked, History, Operation, SeenChange } from './operation.ts'

/** What a watch told wrongly: each change that was acknowledged exactly once, in the order of revisions, and no other but those whose answer was lost. */
export function changesProblems(
  { operations }: Pick<History, 'operations'>,
  changes: readonly SeenChange[],
  name: string,
): readonly string[] {
  const problems = [
    ...sequenceProblems(changes),
    ...acknowledgedProblems(operations, changes),
    ...originProblems(operations, changes),
  ]
  return problems.map((problem) => `${name}: ${problem}`)
}

/** Each change must be one of what was there before it. */
function sequenceProblems(changes: readonly SeenChange[]): readonly string[] {
  const problems: string[] = []
  const objects = new Map<string, SeenChange>()
  const values = new Set<string>()
  let last = 0
  for (const change of changes) {
    const { type, key, value, revision, createdRevision, previous } = change
    const before = objects.get(key)
    const isFitting =
      type === 'created'
        ? before === undefined && createdRevision === revision
        : createdRevision === before?.createdRevision &&
          (type === 'updated' ? previous : value) === before.value
    if (revision <= last) problems.push(`revision ${revision} after ${last}`)
    if (!isFitting) problems.push(`${shown(change)} of ${before === undefined ? 'nothing' : shown(before)}`)
    if (type !== 'deleted' && values.has(value)) problems.push(`${shown(change)} was written before`)
    values.add(value)
    last = revision
    if (type === 'deleted') objects.delete(key)
    else objects.set(key, change)
  }
  return problems
}

const TYPES = { create: 'created', update: 'updated', delete: 'deleted' } as const

/** What was acknowledged must have been told, as it was acknowledged. */
function acknowledgedProblems(
  operations: readonly Operation[],
  changes: readonly SeenChange[],
): readonly string[] {
  const byRevision = new Map(changes.map((change) => [change.revision, change]))
  const acknowledged = new Set<number>()
  return operations.flatMap(({ asked, outcome }) => {
    if (asked.type === 'get' || outcome.type !== 'ok') return []
    const { revision } = outcome
    if (acknowledged.has(revision)) return [`two changes were acknowledged with revision ${revision}`]
    acknowledged.add(revision)
    const change = byRevision.get(revision)
    const isTold =
      change?.key === asked.key &&
      change.type === TYPES[asked.type] &&
      (asked.type === 'delete' || change.value === asked.value)
    if (isTold) return []
    const told = change === undefined ? 'nothing' : shown(change)
    return [`${JSON.stringify(asked)} was acknowledged with revision ${revision}, which is ${told}`]
  })
}

/** What was told must have been asked for, in the state that it was asked for, and not have been refused. */
function originProblems(operations: readonly Operation[], changes: readonly SeenChange[]): readonly string[] {
  const origins = new Map<string, Operation[]>()
  for (const operation of operations) {
    const name = originOf(operation.asked)
    if (name === undefined || operation.outcome.type === 'refused') continue
    origins.set(name, [...(origins.get(name) ?? []), operation])
  }
  const objects = new Map<string, SeenChange>()
  return changes.flatMap((change) => {
    const { type, key, value, revision } = change
    const before = objects.get(key)?.revision ?? 0
    objects.set(key, change)
    const asked: Asked =
      type === 'created'
        ? { type: 'create', key, value }
        : type === 'updated'
          ? { type: 'update', key, value, revision: before }
          : { type: 'delete', key, revision: before }
    const possible = origins.get(originOf(asked) ?? '') ?? []
    const isAsked = possible.some(
      ({ outcome }) => outcome.type === 'unknown' || (outcome.type === 'ok' && outcome.revision === revision),
    )
    return isAsked ? [] : [`${shown(change)} was not asked for`]
  })
}

/** The same for an operation and the change that it makes. */
function originOf(asked: Asked): string | undefined {
  return asked.type === 'get' ? undefined : JSON.stringify(asked, ['type', 'key', 'value', 'revision'])
}

function shown(change: SeenChange): string {
  return JSON.stringify(change)
}
