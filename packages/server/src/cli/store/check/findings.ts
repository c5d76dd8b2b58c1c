import { byBytes } from '../../../store/key-order.ts'
import { checkKey, checkValue } from '../../../store/limits.ts'
import type { StoredObject } from '../../../store/object-store.ts'
import { StoreError } from '../../../store/store-error.ts'
import type { FoundObject, StoreSnapshot, UnreadableObject } from '../../../store/store-snapshot.ts'
import { resourceNameOf, valueProblem } from './kubernetes-object.ts'

/** What is in a store. */
export interface StoreFindings {
  readonly engine: string
  /** Absent if the engine has no schema. */
  readonly schemaVersion?: number
  readonly revision: number
  /** Changes up to it were forgotten. */
  readonly compactedRevision: number
  readonly objects: number
  /** How many of each resource, in the order of their names. */
  readonly resources: Readonly<Record<string, number>>
  /** Objects that have expired, and that no server has deleted yet. */
  readonly overdue: number
  readonly unreadable: number
  /** The first of them. */
  readonly unreadableObjects: readonly UnreadableObject[]
  /** What is wrong with the store itself. */
  readonly problems: readonly string[]
}

/** How many unreadable objects are named. */
const MOST_NAMED = 100

/** Reads all objects once. */
export async function storeFindings(snapshot: StoreSnapshot, nowMs: number): Promise<StoreFindings> {
  const { engine, schemaVersion, revision, compactedRevision } = snapshot
  const counts = new Map<string, number>()
  const named: UnreadableObject[] = []
  const problems = new Map<string, number>()
  let objects = 0
  let overdue = 0
  let unreadable = 0
  let last = ''

  const add = (found: FoundObject): void => {
    objects++
    const resource = resourceNameOf(found.key)
    counts.set(resource, (counts.get(resource) ?? 0) + 1)
    const problem = 'problem' in found ? found.problem : problemOf(found)
    if (problem !== undefined && ++unreadable <= MOST_NAMED) named.push({ key: found.key, problem })
    const ofStore = [
      byBytes(last, found.key) < 0 ? undefined : 'keys are not in order, or there twice',
      'problem' in found ? undefined : revisionProblem(found, revision),
    ]
    for (const each of ofStore) if (each !== undefined) problems.set(each, (problems.get(each) ?? 0) + 1)
    if ('revision' in found && found.expiresAtMs !== undefined && found.expiresAtMs <= nowMs) overdue++
    last = found.key
  }

  for await (const page of snapshot.objects('')) for (const each of page) add(each)
  return {
    engine,
    ...(schemaVersion !== undefined && { schemaVersion }),
    revision,
    compactedRevision,
    objects,
    resources: Object.fromEntries([...counts].toSorted(([one], [other]) => byBytes(one, other))),
    overdue,
    unreadable,
    unreadableObjects: named,
    problems: [
      ...Array.from(problems, ([problem, count]) => `${count} ${problem}`),
      ...(compactedRevision > revision ? ['more was forgotten than was ever written'] : []),
      ...(await snapshot.historyProblems()),
    ],
  }
}

function problemOf(object: StoredObject): string | undefined {
  try {
    checkKey(object.key)
    checkValue(object.value)
  } catch (error) {
    if (error instanceof StoreError) return error.message
    throw error
  }
  return valueProblem(object)
}

function revisionProblem({ revision, createdRevision }: StoredObject, ofStore: number): string | undefined {
  if (revision > ofStore) return 'objects are newer than the revision of the store'
  return createdRevision < 1 || createdRevision > revision
    ? 'objects have a revision of creation that cannot be theirs'
    : undefined
}
