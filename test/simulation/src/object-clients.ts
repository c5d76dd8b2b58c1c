import type { KubeObject } from '@kube-authn/server/internal'
import { isNamespaceEnding } from './object-operations.ts'
import { readAll, readOne } from './object-reads.ts'
import { type Client, configMapKey, NAMES, NAMESPACES, resourceNamed, write } from './object-requests.ts'
import type { Random } from './random.ts'
import type { Replica } from './replica.ts'
import type { World } from './world.ts'
import type { WriteChecks } from './write-checks.ts'

const configMaps = resourceNamed('configmaps')
const namespaces = resourceNamed('namespaces')

const COLORS = ['red', 'blue']
/** Between two requests of a client. */
const LONGEST_PAUSE_MS = 6000

/** Clients that come at the same moment do so at multiples of it. */
const TOGETHER_MS = 3000

/** A client that reads and writes config maps and namespaces, one request after the other, at any replica. */
export async function runObjectClient(world: World, checks: WriteChecks, name: string): Promise<never> {
  const random = world.random.fork(name)
  const client: Client = { world, checks, random, memory: new Map() }
  for (let count = 1; ; count++) {
    const delayMs = random.below(LONGEST_PAUSE_MS)
    // Some come at the same moment.
    await world.pause(random.chance(0.5) ? delayMs - ((world.time.nowMs + delayMs) % TOGETHER_MS) : delayMs)
    const replica = random.pick(world.replicas)
    const id = `${name}-${count}`
    const chosen = random.below(20)
    if (chosen < 1) await changeNamespace(client, replica, id)
    else if (chosen < 6) await readOne(client, replica, id)
    else if (chosen < 8) await readAll(client, replica, id)
    else await writeOne(client, replica, id)
  }
}

/** Those who come at the same moment want the same. */
function chosenObject({ world, random }: Client): readonly [namespace: string, name: string] {
  const { nowMs } = world.time
  const chance = nowMs % TOGETHER_MS === 0 ? world.random.fork(String(nowMs)) : random
  return [chance.pick(NAMESPACES), chance.pick(NAMES)]
}

async function writeOne(client: Client, replica: Replica, id: string): Promise<void> {
  const { random, memory } = client
  const [namespace, name] = chosenObject(client)
  const key = configMapKey(namespace, name)
  const target = { resource: configMaps, namespace, name }
  const known = memory.get(key)
  const object = configMap(name, id, random)
  const chosen = random.below(10)
  if (known === undefined || chosen < 2) {
    const [beganAt, beganMs] = [client.world.seen.revision, client.world.time.nowMs]
    const answer = await write(client, replica, { id, verb: 'create', key }, ({ objects }) =>
      objects.create({ resource: configMaps, namespace }, object),
    )
    if (answer === undefined || !('metadata' in answer)) return
    // A replica that cannot read the namespace again knows only what there was before.
    const wasCalm = client.world.calmSinceMs(replica) <= beganMs
    checkNamespace(client, key, wasCalm ? Number(answer.metadata.resourceVersion) : beganAt)
  } else if (chosen < 6) {
    const { resourceVersion = '', uid } = known.metadata
    const sent = { ...object, metadata: { ...object.metadata, resourceVersion } }
    await write(
      client,
      replica,
      { id, verb: 'update', key, revision: Number(resourceVersion) },
      ({ objects }) =>
        objects.update(target, {
          ...sent,
          metadata: { ...sent.metadata, ...(uid !== undefined && { uid }) },
        }),
    )
  } else if (chosen < 8) {
    await write(client, replica, { id, verb: 'patch', key }, ({ objects }) =>
      objects.update(target, (old) => ({ ...old, data: object['data'] })),
    )
  } else {
    const { resourceVersion = '', uid } = known.metadata
    const isOfVersion = random.chance(0.5)
    const isOfObject = random.chance(0.5)
    const precondition = {
      uid: isOfObject ? uid : undefined,
      resourceVersion: isOfVersion ? resourceVersion : undefined,
    }
    const expected = { uid: precondition.uid, revision: isOfVersion ? Number(resourceVersion) : undefined }
    await write(client, replica, { id, verb: 'delete', key, ...expected }, ({ objects }) =>
      objects.delete(target, precondition),
    )
  }
}

/** What was created must have had a namespace at some moment since a revision. */
function checkNamespace({ world: { seen, violated } }: Client, key: string, since: number): void {
  for (let at = since; at <= seen.revision; at++) if (!isNamespaceEnding(seen, key, at)) return
  violated('errors', `${key} was created as ${since}, and its namespace was not there`)
}

async function changeNamespace(client: Client, replica: Replica, id: string): Promise<void> {
  const { world, random } = client
  const name = random.pick(NAMESPACES.slice(1))
  const key = `/registry/namespaces/${name}`
  const isThere = world.seen.at(key, world.seen.revision) !== undefined
  if (isThere && random.chance(0.4)) {
    await write(client, replica, { id, verb: 'delete', key }, ({ objects }) =>
      objects.delete({ resource: namespaces, namespace: '', name }),
    )
  } else {
    const object = { apiVersion: 'v1', kind: 'Namespace', metadata: { name, annotations: { op: id } } }
    await write(client, replica, { id, verb: 'create', key }, ({ objects }) =>
      objects.create({ resource: namespaces, namespace: '' }, object),
    )
  }
}

function configMap(name: string, op: string, random: Random): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, labels: { color: random.pick(COLORS) } },
    data: { op },
  }
}
