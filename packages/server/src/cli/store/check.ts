import { systemClock } from '@kube-authn/core/internal'
import { withoutControls } from '@kube-authn/internal/printable'
import { isStoreError, type StoredObject, StoreError } from '@kube-authn/store'
import {
  byBytes,
  checkKey,
  checkValue,
  type FoundObject,
  type StoreSnapshot,
  type UnreadableObject,
} from '@kube-authn/store/internal'
import type { Command } from 'commander'
import { qualifiedName, type Resource } from '../../registry/resource.ts'
import { allResources } from '../../registry/resources/index.ts'
import { fromStored, keyOf, keyPrefix } from '../../registry/stored-objects.ts'
import { EXIT } from '../failure.ts'
import { type LastingStore, requireLastingStore } from '../store-url/store-url.ts'
import { outputOption } from '../terminal/options.ts'
import { type Style, type Terminal, writeResult } from '../terminal/terminal.ts'

const AFTER = `
Nothing is changed, and no value of an object is printed. A store in a file must not be in use. After a server was
killed, SQLite first writes what is in its log into the file.

Examples:
  kube-authn store check --store sqlite:kube-authn-data/store.db
  PGPASSFILE=/run/secrets/pgpass kube-authn store check --store 'postgres://auth@db/auth?sslmode=verify-full'
  kube-authn store check --store etcd://etcd-1:2379 --output json

Exit codes:
  0  the store is whole
  1  it is damaged, or objects cannot be read
  2  there is no store, or it cannot be used`

export function declareStoreCheck(command: Command, terminal: Terminal): void {
  command
    .summary('read a store, and say what is in it and what is wrong')
    .description('Reads a whole store, and says what is in it and what is wrong.')
    .addOption(outputOption())
    .addHelpText('after', AFTER)
    .action(async (options: StoreCheckOptions) => {
      terminal.exitCode = await checkStore(options, terminal)
    })
}

interface StoreCheckOptions {
  readonly store: string
  readonly output: 'text' | 'json'
}

async function checkStore({ store: value, output }: StoreCheckOptions, terminal: Terminal): Promise<number> {
  const store = requireLastingStore(value)
  const report = { store: store.shown, ...(await findingsIn(store)) }
  const isWhole = report.problems.length === 0 && !('unreadable' in report && report.unreadable > 0)
  await writeResult(terminal, output, { ...report, isWhole }, (style) => linesFor(report, isWhole, style))
  return isWhole ? EXIT.ok : EXIT.no
}

/** A store that is damaged as a whole has only this problem. */
async function findingsIn(
  store: LastingStore,
): Promise<StoreFindings | { readonly problems: readonly string[] }> {
  try {
    return await store.read((snapshot) => storeFindings(snapshot, systemClock.now()))
  } catch (error) {
    if (isStoreError(error, 'storeCorrupted')) return { problems: [error.message] }
    throw error
  }
}

/** What is printed of a store. Members may be added. */
interface StoreReport extends Partial<StoreFindings> {
  /** Where it is, without passwords. */
  readonly store: string
  readonly problems: readonly string[]
}

function linesFor(report: StoreReport, isWhole: boolean, style: Style): readonly string[] {
  const { store, problems } = report
  return [
    row('store', store),
    ...contentLines(report),
    ...problems.map((each) => row('problem', style('red', withoutControls(each)))),
    row('result', isWhole ? style('green', 'whole') : style('red', 'damaged')),
  ]
}

function contentLines({
  engine,
  schemaVersion,
  revision,
  compactedRevision = 0,
  objects = 0,
  resources = {},
  overdue = 0,
  unreadable = 0,
  unreadableObjects = [],
}: StoreReport): readonly string[] {
  if (engine === undefined) return []
  const version = schemaVersion === undefined ? '' : `, schema version ${schemaVersion}`
  return [
    row('engine', `${engine}${version}`),
    row('revision', `${revision}, with the changes after ${compactedRevision}`),
    row('objects', String(objects)),
    ...Object.entries(resources).map(([name, count]) => `  ${String(count).padStart(8)} ${name}`),
    row('overdue', `${overdue}${overdue === 0 ? '' : ' have expired; the next server deletes them'}`),
    row('unreadable', String(unreadable)),
    ...unreadableObjects.map(({ key, problem }) => `  ${withoutControls(key)}: ${problem}`),
    ...(unreadable > unreadableObjects.length ? ['  ...'] : []),
  ]
}

function row(name: string, value: string): string {
  return `${name.padEnd(10)} ${value}`
}

interface StoreFindings {
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
