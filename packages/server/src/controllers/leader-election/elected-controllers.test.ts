import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { fixedClock, settled } from '../../../../core/test/fakes.ts'
import { registry, type Registry } from '../../registry/registry.ts'
import { allResources } from '../../registry/resources/index.ts'
import { configMaps } from '../../registry/resources/config-maps.ts'
import { leases } from '../../registry/resources/leases.ts'
import { namespaces } from '../../registry/resources/namespaces.ts'
import { keyOf, keyPrefix } from '../../registry/stored-objects.ts'
import { memoryObjectStore, type ObjectStore, type StoreChange, StoreError } from '@kube-authn/store'
import { runControllers, type RunControllersOptions } from '../run-controllers.ts'

const NOW = Date.UTC(2030, 0, 1)
const KEY = keyOf(leases, 'kube-system', 'kube-authn-controllers')
const LEASE = { resource: leases, namespace: 'kube-system', name: 'kube-authn-controllers' }

let engineClock: ReturnType<typeof fixedClock>
let store: ObjectStore
let objects: Registry
let all: Replica[]

/** A process that runs controllers. Its clock and its way to the store may fail. */
interface Replica {
  readonly controllers: ReturnType<typeof runControllers>
  readonly clock: ReturnType<typeof fixedClock>
  readonly statuses: string[]
  readonly errors: string[]
  /** Nothing of it runs: no timer, and it is told of no change. */
  isStopped: boolean
  /** Its timers do not run, and it is not told of changes of the lease: it cannot notice that its time is over. */
  isUnaware: boolean
  /** It does not reach the store. */
  isCut: boolean
  /** What goes on when it is no longer stopped. */
  readonly waiting: (() => void)[]
  readonly isLeading: () => boolean
}

beforeEach(async () => {
  engineClock = fixedClock(NOW)
  store = memoryObjectStore({ clock: engineClock })
  objects = registry({ store, resources: allResources, clock: engineClock })
  await objects.createSystemNamespaces()
  all = []
})
afterEach(async () => {
  await Promise.all(
    all.map((each) => {
      resume(each)
      return each.controllers.close()
    }),
  )
  await store.close()
})

const resume = (stopped: Replica): void => {
  stopped.isCut = false
  stopped.isStopped = false
  for (const goOn of stopped.waiting.splice(0)) goOn()
}

/** What it writes is known by its root certificate. */
function replica(
  identity: string,
  { aheadMs = 0, ...options }: { readonly aheadMs?: number } & Partial<RunControllersOptions> = {},
): Replica {
  const clock = fixedClock(NOW + aheadMs)
  const statuses: string[] = []
  const errors: string[] = []
  const reached = <T>(work: () => Promise<T>): Promise<T> =>
    made.isCut ? Promise.reject(new StoreError('storeUnavailable', 'cut')) : work()
  const made: Replica = {
    clock,
    statuses,
    errors,
    isStopped: false,
    isUnaware: false,
    isCut: false,
    waiting: [],
    isLeading: () => statuses.at(-1) === 'leading',
    get controllers() {
      return controllers
    },
  }
  const controllers = runControllers({
    store: {
      ...store,
      get: (...given) => reached(() => store.get(...given)),
      list: (...given) => reached(() => store.list(...given)),
      create: (...given) => reached(() => store.create(...given)),
      update: (...given) => reached(() => store.update(...given)),
      delete: (...given) => reached(() => store.delete(...given)),
      async *watch(...given) {
        for await (const event of store.watch(...given)) {
          while (made.isStopped) await new Promise<void>((goOn) => void made.waiting.push(goOn))
          const isOfLease = event.type !== 'progress' && event.key === KEY
          if (!(made.isUnaware && isOfLease)) yield event
        }
      },
    },
    clock,
    rootCA: identity,
    leaderElection: { identity },
    observer: (event) => {
      if (event.type === 'leaderElection') statuses.push(event.status)
    },
    onError: (error, { controller = 'store' }) => void errors.push(`${controller}: ${String(error)}`),
    ...options,
  })
  all.push(made)
  return made
}

const quiet = async (): Promise<void> => {
  for (let turns = 0, last = -1; turns < 8;) {
    await settled()
    const revision = await store.revision()
    turns = revision === last ? turns + 1 : 0
    last = revision
  }
}

/** Time passes for the store and for every process that is not stopped. */
const pass = async (ms: number, stepMs = 500): Promise<void> => {
  await quiet()
  for (let passed = 0; passed < ms; passed += stepMs) {
    const step = Math.min(stepMs, ms - passed)
    engineClock.advance(step)
    for (const { clock, isStopped, isUnaware } of all) if (!isStopped && !isUnaware) clock.advance(step)
    await quiet()
  }
}

/** Lets a process go on that was stopped for so long. */
const wakeUp = async (stopped: Replica, ms: number): Promise<void> => {
  stopped.clock.advance(ms)
  resume(stopped)
  await quiet()
}

const leading = (): readonly Replica[] => all.filter((each) => each.isLeading())
const lease = () => objects.get(LEASE).catch(() => undefined)

const changes = async (prefix: string, since = 0): Promise<readonly StoreChange[]> => {
  const last = await store.revision()
  const found: StoreChange[] = []
  if (since === last) return found
  for await (const event of store.watch('/', { since })) {
    if (event.type !== 'progress' && event.key.startsWith(prefix)) found.push(event)
    if (event.revision >= last) break
  }
  return found
}

/** Who wrote the root certificates since a revision. */
const writers = async (since: number): Promise<ReadonlySet<string>> =>
  new Set(
    (await changes(keyPrefix(configMaps, ''), since))
      .filter(({ type }) => type !== 'deleted')
      .map(({ value }) => (JSON.parse(value) as { data: Record<string, string> }).data['ca.crt'] ?? ''),
  )

const createNamespace = (name: string): Promise<unknown> =>
  objects.create(
    { resource: namespaces, namespace: '' },
    { kind: 'Namespace', apiVersion: 'v1', metadata: { name } },
  )

describe('of several processes', () => {
  it('one leads, and says so in a lease', async () => {
    for (const name of ['a', 'b', 'c', 'd', 'e']) replica(name)
    await pass(30_000)
    expect(leading()).toHaveLength(1)
    const [leader] = leading()
    for (const each of all) {
      expect(each.statuses).toEqual(each === leader ? ['standing', 'leading'] : ['standing'])
    }
    const identity = ['a', 'b', 'c', 'd', 'e'][all.indexOf(leader!)]
    expect(await lease()).toMatchObject({
      kind: 'Lease',
      apiVersion: 'coordination.k8s.io/v1',
      metadata: { name: 'kube-authn-controllers', namespace: 'kube-system', uid: expect.any(String) },
      spec: {
        holderIdentity: identity,
        leaseDurationSeconds: 15,
        acquireTime: '2030-01-01T00:00:00.000000Z',
        renewTime: '2030-01-01T00:00:30.000000Z',
        leaseTransitions: 0,
      },
    })
    expect(await writers(0)).toEqual(new Set([identity]))
    for (const { errors, controllers } of all) {
      await controllers.synced()
      expect(controllers.isHealthy()).toBe(true)
      expect(errors).toEqual([])
    }
  })

  it('another one takes over when the leader dies, at the end of its term and not before', async () => {
    const a = replica('a')
    await pass(1000)
    const b = replica('b')
    await pass(3000)
    expect([a.isLeading(), b.isLeading()]).toEqual([true, false])
    const { expiresAtMs = 0 } = (await store.get(KEY))!
    expect(expiresAtMs - engineClock.now()).toBe(15_000)
    a.isStopped = true
    a.isCut = true
    await pass(14_999)
    expect(b.isLeading()).toBe(false)
    await pass(1)
    expect(b.isLeading()).toBe(true)
    expect(await lease()).toMatchObject({ spec: { holderIdentity: 'b', leaseTransitions: 1 } })
    await createNamespace('later')
    const since = await store.revision()
    await pass(1000)
    expect(await writers(since)).toEqual(new Set(['b']))
  })

  it('one that was stopped and wakes late writes nothing, stops its controllers, and stands again', async () => {
    const a = replica('a')
    await pass(1000)
    const b = replica('b')
    a.isStopped = true
    await pass(20_000)
    expect([a.isLeading(), b.isLeading()]).toEqual([true, true])
    const since = await store.revision()
    for (const name of ['n1', 'n2', 'n3']) await createNamespace(name)
    await wakeUp(a, 20_000)
    expect(a.statuses).toEqual(['standing', 'leading', 'lost'])
    await createNamespace('n4')
    await pass(5000)
    expect(await writers(since)).toEqual(new Set(['b']))
    expect(leading()).toEqual([b])
    await b.controllers.close()
    await pass(1)
    expect(a.statuses).toEqual(['standing', 'leading', 'lost', 'leading'])
    expect(a.errors).toEqual([])
  })

  it('one that cannot know that its time is over is refused by the store', async () => {
    const a = replica('a')
    await pass(1000)
    const b = replica('b')
    a.isUnaware = true
    await pass(20_000)
    // Each of them wants its own certificates: what one writes is a change for the other.
    expect(b.isLeading()).toBe(true)
    const since = (await store.get(KEY))!.createdRevision
    await createNamespace('n1')
    await quiet()
    expect(a.statuses).toEqual(['standing', 'leading', 'lost'])
    expect(await writers(since)).toEqual(new Set(['b']))
    const made = (await changes(keyPrefix(configMaps, 'n1'), since)).filter(({ type }) => type === 'created')
    expect(made).toHaveLength(1)
    expect(a.errors).toEqual([])
  })

  it('another one takes over at once when the leader is closed', async () => {
    const a = replica('a')
    await pass(1000)
    const b = replica('b')
    await pass(1000)
    await a.controllers.close()
    await quiet()
    expect(a.statuses).toEqual(['standing', 'leading', 'released'])
    expect(b.isLeading()).toBe(true)
    await b.controllers.close()
    expect(await lease()).toBeUndefined()
  })

  it('one that does not reach the store when it is closed does not say that the lease was given up', async () => {
    const a = replica('a')
    await pass(1000)
    a.isCut = true
    await a.controllers.close()
    expect(a.statuses).toEqual(['standing', 'leading', 'unreleased'])
    expect(await lease()).toBeDefined()
  })

  it('one that finds its lease gone when it is closed has lost it', async () => {
    const a = replica('a')
    await pass(1000)
    a.isUnaware = true
    await store.delete(KEY)
    await a.controllers.close()
    expect(a.statuses).toEqual(['standing', 'leading', 'lost'])
  })

  it.each([30_000, -30_000])(
    'a clock that is %d ms ahead takes nothing and loses nothing',
    async (aheadMs) => {
      const a = replica('a')
      await pass(1000)
      const b = replica('b', { aheadMs })
      await pass(60_000, 1000)
      expect([a.statuses, b.statuses]).toEqual([['standing', 'leading'], ['standing']])
      await a.controllers.close()
      await pass(60_000, 1000)
      expect(b.statuses).toEqual(['standing', 'leading'])
      const c = replica('c')
      await pass(60_000, 1000)
      expect(c.statuses).toEqual(['standing'])
    },
  )

  it('the leader stops when a client deletes the lease, and there is a new term', async () => {
    const a = replica('a')
    await pass(1000)
    const { createdRevision } = (await store.get(KEY))!
    await objects.delete(LEASE)
    await quiet()
    expect(a.statuses).toEqual(['standing', 'leading', 'lost', 'leading'])
    expect((await store.get(KEY))!.createdRevision).toBeGreaterThan(createdRevision)
  })

  it('the leader goes on when a client adds a label, which takes the end of the lease away', async () => {
    const a = replica('a')
    await pass(1000)
    const { createdRevision } = (await store.get(KEY))!
    await objects.update(LEASE, (old) => ({ ...old, metadata: { ...old.metadata, labels: { x: 'y' } } }))
    expect(await store.get(KEY)).not.toHaveProperty('expiresAtMs')
    await pass(2000)
    expect(a.statuses).toEqual(['standing', 'leading'])
    expect(await store.get(KEY)).toMatchObject({ createdRevision, expiresAtMs: expect.any(Number) })
    expect(await lease()).toMatchObject({ metadata: { labels: { x: 'y' } } })
  })

  it('a lease without an end is taken after its duration, if it is not written meanwhile', async () => {
    const a = replica('a')
    await pass(1000)
    await objects.update(LEASE, (old) => ({ ...old, metadata: { ...old.metadata, labels: { x: 'y' } } }))
    a.isStopped = true
    a.isCut = true
    const b = replica('b')
    await pass(14_000)
    expect(b.isLeading()).toBe(false)
    await objects.update(LEASE, (old) => ({ ...old, metadata: { ...old.metadata, labels: { x: 'z' } } }))
    await pass(14_000)
    expect(b.isLeading()).toBe(false)
    await pass(4000)
    expect(b.isLeading()).toBe(true)
    expect(await store.get(KEY)).toHaveProperty('expiresAtMs')
  })

  it.each(['{', 'null', '[]', '{"kind":"Lease","metadata":{},"spec":{"holderIdentity":{}}}'])(
    'what is no lease, as %j, is taken after the duration',
    async (value) => {
      await store.create(KEY, value)
      const a = replica('a')
      await pass(14_000)
      expect(a.isLeading()).toBe(false)
      await pass(3000)
      expect(a.isLeading()).toBe(true)
    },
  )

  it('the leader stops when a client names another holder', async () => {
    const a = replica('a')
    await pass(1000)
    await objects.update(LEASE, (old) => ({
      ...old,
      spec: { ...(old['spec'] as object), holderIdentity: 'x' },
    }))
    await pass(2500)
    expect(a.statuses).toEqual(['standing', 'leading', 'lost'])
    await pass(17_000)
    expect(a.isLeading()).toBe(true)
  })

  it('the leader stops in time when it does not reach the store, and heals', async () => {
    const a = replica('a')
    await pass(1000)
    const b = replica('b')
    await pass(1000)
    a.isCut = true
    await pass(7999)
    expect(a.statuses).toEqual(['standing', 'leading'])
    await pass(2001)
    // Five seconds before another one can lead.
    expect(a.statuses).toEqual(['standing', 'leading', 'lost'])
    expect(b.isLeading()).toBe(false)
    expect(a.controllers.isHealthy()).toBe(false)
    await pass(5000)
    expect(b.isLeading()).toBe(true)
    a.isCut = false
    await pass(3000)
    expect(a.controllers.isHealthy()).toBe(true)
    expect(leading()).toEqual([b])
    expect(a.errors).toEqual(['store: StoreError: cut'])
  })

  it('the leader goes on after an outage that is shorter than its deadline', async () => {
    const a = replica('a')
    await pass(1000)
    a.isCut = true
    await pass(6000)
    a.isCut = false
    await pass(30_000)
    expect(a.statuses).toEqual(['standing', 'leading'])
  })

  it('one whose lease is left from before takes it anew, so that what it wrote late does not count', async () => {
    const a = replica('a')
    await pass(1000)
    const { createdRevision } = (await store.get(KEY))!
    a.isCut = true
    await pass(10_500)
    expect(a.isLeading()).toBe(false)
    a.isCut = false
    await pass(2000)
    expect(a.isLeading()).toBe(true)
    expect((await store.get(KEY))!.createdRevision).toBeGreaterThan(createdRevision)
    expect(await lease()).toMatchObject({ spec: { leaseTransitions: 0 } })
  })

  it('one that is closed while it stands by leaves the lease alone, also twice', async () => {
    const a = replica('a')
    await pass(1000)
    const b = replica('b')
    await pass(1000)
    await b.controllers.close()
    await b.controllers.close()
    expect(b.statuses).toEqual(['standing'])
    expect(a.isLeading()).toBe(true)
    expect(await lease()).toMatchObject({ spec: { holderIdentity: 'a' } })
  })

  it('the lease may have another name, namespace and times', async () => {
    const leaderElection = {
      identity: '__proto__',
      leaseName: 'constructor',
      leaseNamespace: 'default',
      leaseDurationSeconds: 1.5,
      renewDeadlineSeconds: 1,
      retryPeriodSeconds: 0.25,
    }
    const a = replica('a', { leaderElection })
    await pass(2000, 50)
    const other = { resource: leases, namespace: 'default', name: 'constructor' }
    expect(await objects.get(other)).toMatchObject({
      spec: { holderIdentity: '__proto__', leaseDurationSeconds: 2 },
    })
    expect(a.isLeading()).toBe(true)
    // Another election.
    const b = replica('b', { rootCA: 'a' })
    await pass(1000)
    expect(b.isLeading()).toBe(true)
  })
})

it.each<[object, string]>([
  [{ identity: '' }, 'leaderElection.identity'],
  [{ leaseName: 'A' }, 'leaderElection.leaseName: must be the name of an object'],
  [{ leaseNamespace: 'a.b' }, 'leaderElection.leaseNamespace: must be the name of a namespace'],
  [
    { leaseDurationSeconds: 10 },
    'leaderElection.leaseDurationSeconds: must be greater than the renew deadline',
  ],
  [{ renewDeadlineSeconds: 2 }, 'leaderElection.renewDeadlineSeconds: must be greater than the retry period'],
  [{ retryPeriodSeconds: 0 }, 'leaderElection.retryPeriodSeconds'],
  [{ retryPeriodSeconds: NaN }, 'leaderElection.retryPeriodSeconds'],
  [{ leaseDurationSeconds: 86_401 }, 'leaderElection.leaseDurationSeconds'],
  [{ leaseDuration: 15 }, 'leaderElection.leaseDuration'],
])('an election of %j is refused', (leaderElection, message) => {
  expect(() => runControllers({ store, leaderElection })).toThrow(message)
})
