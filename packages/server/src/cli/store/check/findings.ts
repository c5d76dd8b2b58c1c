import { qualifiedName, type Resource } from '../../../registry/resource.ts'
import { allResources } from '../../../registry/resources/index.ts'
import { fromStored, keyOf, keyPrefix } from '../../../registry/stored-objects.ts'
import {
  byBytes,
  checkKey,
  checkValue,
  type FoundObject,
  type StoreSnapshot,
  type UnreadableObject,
} from '@kube-authn/store/internal'
import { type StoredObject, StoreError } from '@kube-authn/store'

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

const BY_PREFIX: ReadonlyMap<string, Resource> = new Map(
  allResources.map((resource) => [keyPrefix(resource, ''), resource]),
)

/** What objects with other keys are counted as. */
const OTHER = 'others'

/** `secrets`, `roles.rbac.authorization.k8s.io`, or `others`. */
function resourceNameOf(key: string): string {
  const resource = resourceOf(key)
  return resource === undefined ? OTHER : qualifiedName(resource)
}

/** Why a server could not read an object, without its value; `undefined` if it can. */
function valueProblem({ key, value }: Pick<StoredObject, 'key' | 'value'>): string | undefined {
  const resource = resourceOf(key)
  if (resource === undefined) return undefined
  const object = readObject(value)
  if (object === undefined) return 'the value is not the JSON of an object of Kubernetes'
  if (object.kind !== resource.kind) return `the value is not that of a ${resource.kind}`
  const { namespace = '', name = '' } = object.metadata
  return keyOf(resource, namespace, name) === key
    ? undefined
    : 'the value has another name or namespace than its key'
}

function readObject(value: string): ReturnType<typeof fromStored> | undefined {
  try {
    return fromStored({ value }, 0)
  } catch {
    // The message of a parser may have a part of the value.
    return undefined
  }
}

/** By the first two or three parts: `/registry/secrets/`, `/registry/rbac.authorization.k8s.io/roles/`. */
function resourceOf(key: string): Resource | undefined {
  const [, root = '', one = '', two = ''] = key.split('/', 4)
  return BY_PREFIX.get(`/${root}/${one}/`) ?? BY_PREFIX.get(`/${root}/${one}/${two}/`)
}
