import { userInfo } from '@kube-authn/core'
import { attributesOf } from '@kube-authn/core/authorization'
import { isAuthenticationError } from '@kube-authn/core/internal'
import type { KubeObject } from '@kube-authn/server/internal'
import { isStoreError, type StoreChange } from '@kube-authn/store'
import type { CopyChecks } from './copy-checks.ts'
import { metadataOf, objectIn } from './object-operations.ts'
import { ADMIN, CALM_MS, checkOutage, NAMESPACES, resourceNamed, write } from './object-requests.ts'
import type { Random } from './random.ts'
import type { Process, Replica } from './replica.ts'
import type { World } from './world.ts'
import type { WriteChecks } from './write-checks.ts'

const accounts = resourceNamed('serviceaccounts')
const roles = resourceNamed('clusterroles')
const bindings = resourceNamed('clusterrolebindings')
const GROUP = 'rbac.authorization.k8s.io'
const ROLE_KEY = `/registry/${GROUP}/clusterroles/reader`
const BINDINGS = `/registry/${GROUP}/clusterrolebindings/`
const ACCOUNTS = '/registry/serviceaccounts/'

const USERS = ['ann', 'bob', 'cyn']
const ACCOUNT_NAMES = ['builder', 'deployer']

/** Who changes roles and service accounts, and asks replicas about them. */
export interface CopyClients {
  readonly world: World
  readonly writes: WriteChecks
  readonly checks: CopyChecks
}

interface Client extends CopyClients {
  readonly random: Random
}

/** A client that changes roles, bindings and service accounts, and asks what replicas decide with their copies of them. */
export async function runCopyClient(clients: CopyClients, name: string): Promise<never> {
  const random = clients.world.random.fork(name)
  const client = { ...clients, random }
  for (let count = 1; ; count++) {
    await clients.world.pause(random.between(1, 5000))
    const replica = random.pick(clients.world.replicas)
    const chosen = random.below(10)
    if (chosen < 1) await changeRole(client, replica, `${name}-${count}`)
    else if (chosen < 4) await changeBinding(client, replica, `${name}-${count}`)
    else if (chosen < 5) await changeAccount(client, replica, `${name}-${count}`)
    else if (chosen < 8) await askForRole(client, replica, random.pick(USERS))
    else await askForAccount(client, replica)
    // What was changed is asked about at once.
    if (chosen < 4) for (const user of USERS) await askForRole(client, replica, user)
  }
}

/** An object that is changed, and by which write. */
interface Changed {
  readonly id: string
  readonly key: string
  readonly resource: typeof roles
  readonly namespace: string
  readonly object: KubeObject
}

/** Creates an object that is not there, and otherwise deletes it. What was created is sometimes taken back at another replica, before the answer to the creation or soon after. */
async function change(client: Client, replica: Replica, changed: Changed): Promise<void> {
  const { world, random } = client
  if (isThere(world, changed.key)) {
    await make(client, replica, changed, 'delete')
    return
  }
  const creation = make(client, replica, changed, 'create')
  if (random.chance(0.4)) {
    await world.pause(random.below(3000))
    await make(client, random.pick(world.replicas), { ...changed, id: `${changed.id}-back` }, 'delete')
  }
  await creation
}

function isThere({ seen }: World, key: string): boolean {
  return seen.at(key, seen.revision) !== undefined
}

async function make(
  { world, writes, checks }: Client,
  replica: Replica,
  { id, key, resource, namespace, object }: Changed,
  verb: 'create' | 'patch' | 'delete',
): Promise<void> {
  const { metadata } = object
  const target = { resource, namespace, name: metadata.name ?? '' }
  let process: Process | undefined
  const client = { world, checks: writes, memory: new Map() }
  const answer = await write(client, replica, { id, verb, key }, (reached) => {
    process = reached
    const { objects } = reached
    if (verb === 'create') return objects.create({ resource, namespace }, object, { caller: ADMIN })
    if (verb === 'delete') return objects.delete(target)
    const changeOf = (old: KubeObject): KubeObject => ({
      ...object,
      metadata: { ...old.metadata, ...metadata },
    })
    return objects.update(target, changeOf, { caller: ADMIN })
  })
  if (process === undefined || answer === undefined || !('metadata' in answer)) return
  checks.wrote(process, key, Number(answer.metadata.resourceVersion))
}

async function changeRole(client: Client, replica: Replica, id: string): Promise<void> {
  const rule = { apiGroups: [''], resources: ['configmaps'], verbs: ['get'] }
  const object = {
    apiVersion: `${GROUP}/v1`,
    kind: 'ClusterRole',
    metadata: { name: 'reader', annotations: { op: id } },
    rules: client.random.chance(0.5) ? [rule] : [],
  }
  const changed = { id, key: ROLE_KEY, resource: roles, namespace: '', object }
  if (isThere(client.world, ROLE_KEY) && client.random.chance(0.8))
    await make(client, replica, changed, 'patch')
  else await change(client, replica, changed)
}

async function changeBinding(client: Client, replica: Replica, id: string): Promise<void> {
  const user = client.random.pick(USERS)
  const object = {
    apiVersion: `${GROUP}/v1`,
    kind: 'ClusterRoleBinding',
    metadata: { name: user, annotations: { op: id } },
    roleRef: { apiGroup: GROUP, kind: 'ClusterRole', name: 'reader' },
    subjects: [{ apiGroup: GROUP, kind: 'User', name: user }],
  }
  await change(client, replica, { id, key: BINDINGS + user, resource: bindings, namespace: '', object })
}

async function changeAccount(client: Client, replica: Replica, id: string): Promise<void> {
  const namespace = client.random.pick(NAMESPACES)
  const name = client.random.pick(ACCOUNT_NAMES)
  const defaultKey = `${ACCOUNTS}${namespace}/default`
  // The controllers create it again.
  if (
    client.random.chance(0.1) &&
    client.world.seen.at(defaultKey, client.world.seen.revision) !== undefined
  ) {
    const object = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default' } }
    await change(client, replica, { id, key: defaultKey, resource: accounts, namespace, object })
    return
  }
  const object = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name, annotations: { op: id } } }
  await change(client, replica, {
    id,
    key: `${ACCOUNTS}${namespace}/${name}`,
    resource: accounts,
    namespace,
    object,
  })
}

/** Asks whether a user may do something. */
async function askForRole({ world, checks }: Client, replica: Replica, username: string): Promise<void> {
  const asked = attributesOf(userInfo({ username }), {
    verb: 'get',
    resource: 'configmaps',
    namespace: 'default',
  })
  await replica.visit(async (process) => {
    const check = checks.asked(process, [ROLE_KEY, BINDINGS + username])
    const { verdict, error } = await process.rbac.authorize(asked, {})
    const what = `role of ${username}`
    if (error !== undefined) {
      world.count('role unavailable')
      checkCopyOutage(world, replica, process, what)
      return
    }
    const from = ([role, binding]: readonly (StoreChange | undefined)[]): string => {
      const isGranted = role !== undefined && JSON.stringify(objectIn(role)['rules']) !== '[]'
      return isGranted && binding !== undefined ? 'allow' : 'noOpinion'
    }
    check({ replica, what, decision: verdict, from })
  })
}

/** Asks for an account, as for each of its tokens: the uid tells whether it is the one of the token. */
async function askForAccount({ world, checks, random }: Client, replica: Replica): Promise<void> {
  const namespace = random.pick(NAMESPACES)
  const name = random.pick(ACCOUNT_NAMES)
  const key = `${ACCOUNTS}${namespace}/${name}`
  const what = `account ${namespace}/${name}`
  let beganMs = 0
  const visit = await replica.visit(async (process) => {
    beganMs = world.time.nowMs
    const check = checks.asked(process, [key])
    const found = await process.accounts.getServiceAccount(namespace, name)
    const from = ([there]: readonly (StoreChange | undefined)[]): string =>
      there === undefined ? 'absent' : `there ${metadataOf(there).uid}`
    check({ replica, what, decision: found === undefined ? 'absent' : `there ${found.uid}`, from })
  })
  if (visit.type !== 'failed') return
  const { error } = visit
  world.count('account unavailable')
  // A token is refused with 503 for either.
  const isOutage =
    isStoreError(error, 'storeUnavailable') || (isAuthenticationError(error) && error.code === 'unavailable')
  if (!isOutage) {
    world.violated('errors', `${what} failed with ${String(error)}`)
  } else if (replica.process !== undefined) {
    checkOutage(world, beganMs - world.calmSinceMs(replica) >= CALM_MS + HEALED_MS, what)
  }
}

/** How long after an outage, or after the clock was set, a copy may be too old. */
const HEALED_MS = 25_000

function checkCopyOutage(world: World, replica: Replica, { sinceMs }: Process, what: string): void {
  const calmMs = world.time.nowMs - Math.max(world.calmSinceMs(replica), sinceMs)
  checkOutage(world, calmMs > HEALED_MS, what)
}
