import { userInfo, type UserInfo } from '@kube-authn/core'
import { allResources, type KubeObject, type RegistryOptions } from '@kube-authn/server/internal'
import { objectIn, type Refusal, refusalOf, truthOf, type Write } from './object-operations.ts'
import type { Random } from './random.ts'
import type { Process, Replica, Visit } from './replica.ts'
import type { World } from './world.ts'
import type { WriteChecks } from './write-checks.ts'

/** A resource by its plural. */
export function resourceNamed(plural: string): RegistryOptions['resources'][number] {
  const found = allResources.find((each) => each.plural === plural)
  if (found === undefined) throw new TypeError(`there are no ${plural}`)
  return found
}

/** The namespaces of config maps. The first cannot be deleted. */
export const NAMESPACES: readonly string[] = ['default', 'team-a', 'team-b']
/** Who may do everything. */
const admin: UserInfo = userInfo({ username: 'admin' })
export const ADMIN: { readonly user: UserInfo; readonly context: object } = { user: admin, context: {} }
/** The names of config maps. */
export const NAMES: readonly string[] = ['a', 'b', 'c', 'd']

/** What a client last saw of each object. */
type Memory = Map<string, KubeObject>

/** Who makes requests for objects. */
export interface Client {
  readonly world: World
  readonly checks: WriteChecks
  readonly random: Random
  readonly memory: Memory
}

/** The key of a config map. */
export function configMapKey(namespace: string, name: string): string {
  return `/registry/configmaps/${namespace}/${name}`
}

/** A request, and what was so when it reached the replica. */
interface Request<T> {
  readonly visit: Visit<T>
  readonly beganAt: number
  /** Whether nothing was wrong from its beginning to its end. */
  readonly wasCalm: boolean
}

/** Sends a request. @param onBegin called when it has reached the replica. */
export async function ask<T>(
  world: World,
  replica: Replica,
  work: (process: Process) => Promise<T>,
  onBegin: (beganAt: number) => void = () => {},
): Promise<Request<T>> {
  let beganAt = world.seen.revision
  let beganMs = 0
  const visit = await replica.visit((process) => {
    beganAt = world.seen.revision
    beganMs = world.time.nowMs
    onBegin(beganAt)
    return work(process)
  })
  return { visit, beganAt, wasCalm: beganMs - world.calmSinceMs(replica) >= CALM_MS }
}

/** Asks for a write, and checks its answer. */
export async function write(
  { world, checks, memory }: Pick<Client, 'world' | 'checks' | 'memory'>,
  replica: Replica,
  asked: Omit<Write, 'beganAt'>,
  work: (process: Process) => Promise<KubeObject>,
): Promise<KubeObject | Refusal | undefined> {
  const { id, verb, key } = asked
  const what = `${verb} ${shortened(key)}${conditionOf(asked)} as ${id} at ${replica.name}`
  const { visit, beganAt, wasCalm } = await ask(world, replica, work, (began) =>
    checks.asked({ ...asked, beganAt: began }),
  )
  const begun = { ...asked, beganAt }
  memory.delete(key)
  const tell = (outcome: string, kind: 'done' | 'refused' | 'unknown'): void => {
    world.tell(`${what}: ${outcome}`)
    world.count(`${verb} ${kind}`)
  }
  if (visit.type === 'done') {
    const object = visit.value
    checks.answered(begun, object)
    tell(object.metadata.resourceVersion ?? '', 'done')
    if (verb !== 'delete') memory.set(key, object)
    return object
  }
  const refusal = visit.type === 'lost' ? undefined : refusalOf(visit.error)
  checks.answered(begun, refusal)
  if (refusal === undefined) {
    if (visit.type === 'failed') checkOutage(world, wasCalm, what)
    tell(visit.type === 'failed' ? '503' : 'lost', 'unknown')
    return undefined
  }
  checks.checkRefusal(what, refusal, truthOf(world, begun))
  tell(`${refusal.status} ${refusal.reason}`, 'refused')
  // The object is there, whatever this client knows of it.
  const found = world.seen.at(key, world.seen.revision)
  if (found !== undefined) memory.set(key, objectIn(found))
  return refusal
}

function conditionOf({ revision, uid }: Pick<Write, 'revision' | 'uid'>): string {
  const ofVersion = revision === undefined ? '' : ` version ${revision}`
  return uid === undefined ? ofVersion : `${ofVersion} uid ${uid.slice(0, 8)}`
}

/** Whether this is the object of a change. */
export function isSameObject({ seen }: World, object: KubeObject, version: number): boolean {
  const change = seen.changes[version - 1]
  return change !== undefined && JSON.stringify(objectIn(change)) === JSON.stringify(object)
}

/** A request may meet an outage that ended a moment ago. */
export const CALM_MS = 1000

/** Whether nothing is wrong that could fail a request. */
export function isCalm(world: World, replica: Replica): boolean {
  return world.time.nowMs - world.calmSinceMs(replica) >= CALM_MS
}

/** A request was answered with 503. */
export function checkOutage(world: World, wasCalm: boolean, what: string): void {
  if (wasCalm) world.violated('outagesEnd', `${what} was answered with 503, and nothing is wrong`)
}

/** A key without what all keys have. */
export function shortened(key: string): string {
  return key.replace('/registry/', '')
}
