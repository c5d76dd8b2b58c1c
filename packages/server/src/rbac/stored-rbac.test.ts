import { attributesOf } from '@kube-authn/core/authorization'
import { emptyContext, rbac as rbacOf, rbacPolicy, userInfo } from '@kube-authn/core/internal'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { fixedClock } from '@kube-authn/testing'
import { memoryObjectStore } from '../store/memory/memory-object-store.ts'
import type { ObjectStore, StoreEvent } from '../store/object-store.ts'
import { StoreError } from '../store/store-error.ts'
import { learningStore } from '../registry/learning-store.ts'
import { RBAC_PREFIX } from '../registry/stored-objects.ts'
import { storedRbac, type StoredRbac } from './stored-rbac.ts'

const API = { apiVersion: 'rbac.authorization.k8s.io/v1' }
const jane = userInfo({ username: 'jane' })
const keyOf = (plural: string, name: string): string =>
  `/registry/rbac.authorization.k8s.io/${plural}/${name}`
const ROLE = keyOf('clusterroles', 'reader')
const BINDING = keyOf('clusterrolebindings', 'readers')

const roleWith = (verb: string): string =>
  JSON.stringify({
    ...API,
    kind: 'ClusterRole',
    metadata: { name: 'reader', uid: '1', annotations: { a: 'b' } },
    rules: [{ apiGroups: [''], resources: ['pods'], verbs: [verb] }],
  })
const bindingOf = (name = 'readers', role = 'reader'): string =>
  JSON.stringify({
    ...API,
    kind: 'ClusterRoleBinding',
    metadata: { name },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role },
    subjects: [{ kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: 'jane' }],
  })

let clock: ReturnType<typeof fixedClock>
let store: ObjectStore
let policies: StoredRbac[]
let errors: unknown[]

beforeEach(() => {
  clock = fixedClock()
  store = memoryObjectStore({ clock, maxHistoryChanges: 10 })
  policies = []
  errors = []
})
afterEach(() => {
  for (const policy of policies) policy.close()
})

async function follow(of: ObjectStore = store): Promise<StoredRbac> {
  const policy = await storedRbac({ store: of, clock, onError: (error) => errors.push(error) })
  policies.push(policy)
  return policy
}

function verdict(policy: StoredRbac, verb = 'get'): unknown {
  return policy.authorize(attributesOf(jane, { verb, resource: 'pods' }), emptyContext)
}
const isAllowed = (policy: StoredRbac, verb = 'get'): boolean =>
  (verdict(policy, verb) as { verdict: string }).verdict === 'allow'

/** Lets the watch deliver what was written. */
const settled = (): Promise<void> => clock.advanceAsync(0)

/** A store whose reads can be made to fail. */
function faulty(): ObjectStore & { failure: Error | undefined; breakWatches(error: Error): void } {
  const broken = new Set<(error: Error) => void>()
  return {
    ...store,
    failure: undefined,
    async list(...given) {
      if (this.failure !== undefined) throw this.failure
      return store.list(...given)
    },
    async *watch(prefix, options = {}): AsyncGenerator<StoreEvent> {
      if (this.failure !== undefined) throw this.failure
      const events = store.watch(prefix, options)[Symbol.asyncIterator]()
      const breaking = new Promise<never>((_, reject) => broken.add(reject))
      for (;;) {
        const next = await Promise.race([events.next(), breaking])
        if (next.done === true) return
        yield next.value
      }
    },
    breakWatches(error) {
      for (const each of broken) each(error)
      broken.clear()
    },
  }
}

describe('storedRbac', () => {
  it('knows what was in the store before, however much that is', async () => {
    await store.create(ROLE, roleWith('get'))
    for (let index = 0; index < 1200; index++) {
      await store.create(keyOf('clusterrolebindings', `b${index}`), bindingOf(`b${index}`, 'missing'))
    }
    await store.create(BINDING, bindingOf())
    const policy = await follow()
    expect(verdict(policy)).toEqual({
      verdict: 'allow',
      reason: 'RBAC: allowed by ClusterRoleBinding "readers" of ClusterRole "reader" to User "jane"',
    })
    expect(policy.outdatedSinceMs).toBeUndefined()
    expect(errors).toEqual([])
  })

  it('follows every change', async () => {
    const policy = await follow()
    expect(isAllowed(policy)).toBe(false)
    await store.create(BINDING, bindingOf())
    const role = await store.create(ROLE, roleWith('get'))
    await settled()
    expect(isAllowed(policy)).toBe(true)
    await store.update(ROLE, roleWith('list'), role.revision)
    await settled()
    expect([isAllowed(policy), isAllowed(policy, 'list')]).toEqual([false, true])
    await store.delete(BINDING)
    await settled()
    expect(isAllowed(policy, 'list')).toBe(false)
  })

  it('knows at once what is written through it, and keeps that when the watch tells older changes', async () => {
    const policy = await follow()
    const written = learningStore(store, RBAC_PREFIX, policy)
    await written.create(ROLE, roleWith('get'))
    await written.create(BINDING, bindingOf())
    expect(isAllowed(policy)).toBe(true)
    const verdicts: boolean[] = []
    await written.delete(BINDING)
    for (let turn = 0; turn < 50; turn++) {
      verdicts.push(isAllowed(policy))
      await Promise.resolve()
    }
    expect(new Set(verdicts)).toEqual(new Set([false]))
    await settled()
    await written.create(BINDING, bindingOf())
    expect(isAllowed(policy)).toBe(true)
  })

  it('does not learn of other objects', async () => {
    const learnt: string[] = []
    const written = learningStore(store, RBAC_PREFIX, { learn: ({ key }) => learnt.push(key) })
    const created = await written.create('/registry/secrets/a/b', '{}')
    await written.update('/registry/secrets/a/b', '{"a":1}', created.revision)
    await written.delete('/registry/secrets/a/b')
    await expect(written.delete(ROLE)).rejects.toThrow(StoreError)
    expect(learnt).toEqual([])
  })

  it('decides by what it knows during an outage, says since when, and catches up', async () => {
    const of = faulty()
    await store.create(ROLE, roleWith('get'))
    await store.create(BINDING, bindingOf())
    const policy = await follow(of)
    await settled()
    const beganMs = clock.now()
    of.failure = new StoreError('storeUnavailable', 'gone')
    of.breakWatches(of.failure)
    await clock.advanceAsync(60_000)
    expect(isAllowed(policy)).toBe(true)
    expect(policy.outdatedSinceMs).toBe(beganMs)
    expect(String(errors[0])).toContain('roles and bindings are those of 2030-01-01T00:00:00Z')
    // At first after 100 ms, then after twice as long each time, up to 30 s.
    expect(errors.length).toBeGreaterThanOrEqual(8)
    expect(errors.length).toBeLessThanOrEqual(12)

    await store.delete(BINDING)
    // What is written through this process counts all the same.
    await learningStore(store, RBAC_PREFIX, policy).create(
      keyOf('clusterroles', 'other'),
      roleWith('get').replace('reader', 'other'),
    )
    of.failure = undefined
    await clock.advanceAsync(30_000)
    expect(isAllowed(policy)).toBe(false)
    await clock.advanceAsync(10_000)
    expect(policy.outdatedSinceMs).toBeUndefined()
  })

  it('lists again when the changes it needs were forgotten', async () => {
    const of = faulty()
    await store.create(ROLE, roleWith('get'))
    await store.create(BINDING, bindingOf())
    const policy = await follow(of)
    await settled()
    of.breakWatches(new StoreError('storeUnavailable', 'gone'))
    await store.delete(BINDING)
    for (let index = 0; index < 50; index++) await store.create(`/other/${index}`, '{}')
    await store.compact(await store.revision())
    await clock.advanceAsync(1000)
    expect(isAllowed(policy)).toBe(false)
    expect(policy.outdatedSinceMs).toBeUndefined()
    await store.create(BINDING, bindingOf())
    await settled()
    expect(isAllowed(policy)).toBe(true)
  })

  it('begins anew when another store took the place of the one it knows', async () => {
    const of = faulty()
    for (let index = 0; index < 30; index++) await store.create(`/other/${index}`, '{}')
    await store.create(ROLE, roleWith('get'))
    await store.create(BINDING, bindingOf())
    await store.create(keyOf('clusterrolebindings', 'second'), bindingOf('second'))
    const policy = await follow(of)
    await settled()
    store = memoryObjectStore({ clock })
    await store.create(ROLE, roleWith('list'))
    await store.create(BINDING, bindingOf())
    of.breakWatches(new StoreError('revisionUnknown', 'unknown'))
    await clock.advanceAsync(1000)
    expect([isAllowed(policy), isAllowed(policy, 'list')]).toEqual([false, true])
    expect(policy.explain(attributesOf(jane, { verb: 'list', resource: 'pods' }))).toHaveLength(1)
  })

  it('waits for the first list, and gives up if the store is closed', async () => {
    const of = faulty()
    of.failure = new StoreError('storeUnavailable', 'gone')
    let policy: StoredRbac | undefined
    const waiting = follow(of).then((found) => (policy = found))
    await clock.advanceAsync(1000)
    expect(policy).toBeUndefined()
    of.failure = undefined
    await clock.advanceAsync(2000)
    await waiting
    expect(policy).toBeDefined()

    await store.close()
    await expect(follow()).rejects.toMatchObject({ code: 'closed' })
  })

  it.each([
    ['is not JSON of an object', '[]'],
    ['is of another kind', JSON.stringify({ ...API, kind: 'Other', metadata: { name: 'readers' } })],
    ['has a field of the wrong type', bindingOf().replace('"subjects":[', '"subjects":[1,')],
    ['has an unknown field', bindingOf().replace('"kind"', '"except":[],"kind"')],
    ['has another name', bindingOf('other')],
    ['has a namespace', bindingOf().replace('"name":"readers"', '"name":"readers","namespace":"a"')],
  ])('grants nothing by a binding that %s, and says so', async (_, value) => {
    await store.create(ROLE, roleWith('get'))
    const before = await store.create(BINDING, bindingOf())
    const policy = await follow()
    await store.update(BINDING, value, before.revision)
    await settled()
    expect(isAllowed(policy)).toBe(false)
    expect(errors).toHaveLength(1)
    const { revision } = (await store.get(BINDING))!
    await store.update(BINDING, bindingOf(), revision)
    await settled()
    expect(isAllowed(policy)).toBe(true)
  })

  it('stops following when it is closed', async () => {
    const policy = await follow()
    policy.close()
    await settled()
    expect(clock.pending).toBe(0)
    await store.create(ROLE, roleWith('get'))
    await store.create(BINDING, bindingOf())
    await settled()
    expect(isAllowed(policy)).toBe(false)
  })

  it('has decided, after any writes, as an authorizer of the same objects in the order of their creation', async () => {
    const name = fc.constantFrom('reader', 'other')
    const write = fc.record({
      kind: fc.constantFrom('role', 'binding', 'compaction', 'turn'),
      name,
      role: name,
      verb: fc.constantFrom('get', 'list'),
      isDeletion: fc.nat({ max: 3 }).map((n) => n === 0),
      isLearnt: fc.boolean(),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(write, { maxLength: 40 }), async (writes) => {
        store = memoryObjectStore({ clock })
        const of = faulty()
        const policy = await follow(of)
        const learning = learningStore(store, RBAC_PREFIX, policy)
        for (const each of writes) {
          if (each.kind === 'compaction') {
            of.breakWatches(new StoreError('storeUnavailable', 'gone'))
            await store.compact(await store.revision())
          } else if (each.kind === 'turn') await settled()
          else {
            const isRole = each.kind === 'role'
            const key = keyOf(isRole ? 'clusterroles' : 'clusterrolebindings', each.name)
            const value = isRole
              ? roleWith(each.verb).replace('reader', each.name)
              : bindingOf(each.name, each.role)
            const target = each.isLearnt ? learning : store
            const found = await store.get(key)
            if (each.isDeletion && found !== undefined) await target.delete(key)
            else if (!each.isDeletion && found !== undefined) await target.update(key, value, found.revision)
            else if (!each.isDeletion) await target.create(key, value)
          }
        }
        await clock.advanceAsync(60_000)
        const { objects } = await store.list('/registry/rbac.authorization.k8s.io/')
        const inOrder = [...objects].toSorted((a, b) => a.createdRevision - b.createdRevision)
        const fresh = rbacOf(rbacPolicy(inOrder.map(({ value }) => JSON.parse(value) as unknown)))
        for (const verb of ['get', 'list']) {
          const asked = attributesOf(jane, { verb, resource: 'pods' })
          expect(policy.authorize(asked, emptyContext)).toEqual(fresh.authorize(asked, emptyContext))
          expect(policy.explain(asked)).toEqual(fresh.explain(asked))
        }
        expect(policy.rulesFor(jane, '')).toEqual(fresh.rulesFor(jane, ''))
        policy.close()
      }),
      { numRuns: 60 },
    )
  })
})
