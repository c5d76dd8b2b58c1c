import type { KubeObject } from '@kube-authn/server/internal'
import { objectIn, refusalOf, truthOf } from './object-operations.ts'
import {
  ask,
  checkOutage,
  type Client,
  configMapKey,
  isSameObject,
  NAMES,
  NAMESPACES,
  resourceNamed,
  shortened,
} from './object-requests.ts'
import type { Replica } from './replica.ts'
import type { World } from './world.ts'

const configMaps = resourceNamed('configmaps')

/** Reads an object. */
export async function readOne(
  { world, checks, random, memory }: Client,
  replica: Replica,
  id: string,
): Promise<void> {
  const [namespace, name] = [random.pick(NAMESPACES), random.pick(NAMES)]
  const key = configMapKey(namespace, name)
  const what = `get ${shortened(key)} as ${id} at ${replica.name}`
  const { visit, beganAt, wasCalm } = await ask(world, replica, ({ objects }) =>
    objects.get({ resource: configMaps, namespace, name }),
  )
  if (visit.type === 'lost') return
  world.count('read')
  if (visit.type === 'done') {
    memory.set(key, visit.value)
    const version = Number(visit.value.metadata.resourceVersion)
    const isTrue = wasAt(world, key, version, beganAt) && isSameObject(world, visit.value, version)
    if (!isTrue) world.violated('reads', `${what} showed version ${version} after ${beganAt}`)
    return
  }
  const refusal = refusalOf(visit.error)
  if (refusal === undefined) {
    checkOutage(world, wasCalm, what)
    return
  }
  memory.delete(key)
  checks.checkRefusal(what, refusal, truthOf(world, { key, verb: 'patch', beganAt }))
}

/** Lists a collection, in pages or not, and all of it or what is selected. */
export async function readAll({ world, random }: Client, replica: Replica, id: string): Promise<void> {
  const namespace = random.pick(['', ...NAMESPACES])
  const prefix = namespace === '' ? '/registry/configmaps/' : configMapKey(namespace, '')
  const limit = random.pick([undefined, 1, 3])
  const color = random.pick([undefined, undefined, 'blue'])
  const selected = color === undefined ? {} : { labelSelector: `color=${color}` }
  const what = `list ${shortened(prefix)} ${color ?? ''} as ${id} at ${replica.name}`
  const items: KubeObject[] = []
  let next: Place | undefined = {}
  let listedAt = 0
  while (next !== undefined) {
    const page: Page | undefined = await readPage(
      world,
      replica,
      { what, collection: { namespace, ...selected }, limit },
      next,
    )
    if (page === undefined) return
    items.push(...page.items)
    listedAt = page.listedAt
    next = page.token === undefined ? undefined : page
    if (next !== undefined) await world.pause(random.below(3000))
  }
  const shown = items.map(
    ({ metadata }) => `${metadata.namespace}/${metadata.name} ${metadata.resourceVersion}`,
  )
  const there = world.seen
    .state(prefix, listedAt)
    .filter((each) => color === undefined || objectIn(each).metadata.labels?.['color'] === color)
    .map(({ key, revision }) => `${shortened(key).replace('configmaps/', '')} ${revision}`)
  if (shown.join() === there.join()) return
  world.violated('reads', `${what} of ${listedAt} showed ${shown.join()}, and there were ${there.join()}`)
}

/** Where a list goes on; at its beginning nowhere. */
interface Place {
  readonly token?: string | undefined
  readonly listedAt?: number
}

interface Page extends Place {
  readonly listedAt: number
  readonly items: readonly KubeObject[]
}

/** Reads a page; `undefined` if there is no answer, or if its version was forgotten. */
async function readPage(
  world: World,
  replica: Replica,
  list: {
    readonly what: string
    readonly collection: { readonly namespace: string; readonly labelSelector?: string }
    readonly limit: number | undefined
  },
  { token, listedAt }: Place,
): Promise<Page | undefined> {
  const { what, collection, limit } = list
  const { visit, beganAt, wasCalm } = await ask(world, replica, ({ objects }) =>
    objects.list({ resource: configMaps, ...collection }, { limit, continue: token }),
  )
  if (visit.type === 'lost') return undefined
  world.count('list')
  if (visit.type === 'failed') {
    const refusal = refusalOf(visit.error)
    // With a selector, a page may be several pages of the store.
    const isForgotten = (listedAt ?? beganAt) < world.model.compactedRevision
    if (refusal === undefined) checkOutage(world, wasCalm, what)
    else if (refusal.status !== 410 || !isForgotten)
      world.violated('errors', `${what} was answered with ${refusal.status} ${refusal.reason}`)
    return undefined
  }
  const { resourceVersion, items, continue: following } = visit.value
  const revision = Number(resourceVersion)
  const isOfTime = revision >= (listedAt ?? beganAt) && revision <= (listedAt ?? world.seen.revision)
  if (!isOfTime) world.violated('reads', `${what} is of ${revision}, not of ${listedAt ?? beganAt}`)
  return { items, listedAt: revision, token: following }
}

/** Whether the object was there in this version at some moment since a revision. */
function wasAt({ seen }: World, key: string, version: number, beganAt: number): boolean {
  const changes = seen.of(key)
  const index = changes.findIndex(({ revision }) => revision === version)
  return index !== -1 && (changes[index + 1]?.revision ?? Infinity) > beganAt
}
