import {
  attributesOf,
  privilegedGroups,
  rbac as rbacOf,
  rbacPolicy,
  unionAuthorizer,
} from '@kube-authn/core/authorization'
import { emptyContext, userInfo } from '@kube-authn/core'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { fixedClock } from '@kube-authn/testing'
import { faultyStore } from '../../../store/test/faulty-store.ts'
import { memoryObjectStore, type ObjectStore, StoreError } from '@kube-authn/store'
import { learningStore } from '../registry/registry.ts'
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
afterEach(async () => {
  await Promise.all(policies.map((policy) => policy.close()))
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
    const written = learningStore(store, [policy])
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

  it('does not learn of other objects, nor of writes that failed', async () => {
    const policy = await follow()
    const written = learningStore(store, [policy])
    const created = await written.create('/registry/secrets/a/b', '{}')
    await written.update('/registry/secrets/a/b', '{"a":1}', created.revision)
    await written.delete('/registry/secrets/a/b')
    await expect(written.delete(ROLE)).rejects.toThrow(StoreError)
    expect(errors).toEqual([])
  })

  it('decides by what it knows for maxStalenessSeconds during an outage, then not at all, and heals', async () => {
    const of = faultyStore(store)
    await store.create(ROLE, roleWith('get'))
    await store.create(BINDING, bindingOf())
    const policy = await follow(of)
    const asked = attributesOf(jane, { verb: 'get', resource: 'pods' })
    await settled()
    const beganMs = clock.now()
    of.fail()
    await clock.advanceAsync(30_000)
    expect(isAllowed(policy)).toBe(true)
    expect(policy.outdatedSinceMs).toBe(beganMs)
    expect(String(errors[0])).toContain('roles and bindings are those of 2030-01-01T00:00:00Z')

    await clock.advanceAsync(1)
    // A client is asked to come back, and learns nothing else.
    const unknown = expect.objectContaining({ code: 'unavailable', retryAfterSeconds: 2 })
    expect(verdict(policy)).toEqual({ verdict: 'noOpinion', reason: '', error: unknown })
    expect(() => policy.explain(asked)).toThrow(unknown)
    expect(() => policy.rulesFor(jane, '')).toThrow(unknown)
    // Other authorizers of the chain go on.
    const chain = unionAuthorizer(privilegedGroups('system:masters'), policy)
    const master = attributesOf(userInfo({ username: 'a', groups: ['system:masters'] }), {
      verb: 'get',
      resource: 'pods',
    })
    expect(chain.authorize(master, emptyContext)).toMatchObject({ verdict: 'allow' })

    await store.delete(BINDING)
    of.mend()
    await clock.advanceAsync(5000)
    expect(verdict(policy)).toEqual({ verdict: 'noOpinion', reason: '' })
    expect(policy.outdatedSinceMs).toBeUndefined()
  })

  it('lists again when the changes it needs were forgotten', async () => {
    const of = faultyStore(store)
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
    const of = faultyStore(store)
    for (let index = 0; index < 30; index++) await store.create(`/other/${index}`, '{}')
    await store.create(ROLE, roleWith('get'))
    await store.create(BINDING, bindingOf())
    await store.create(keyOf('clusterrolebindings', 'second'), bindingOf('second'))
    const policy = await follow(of)
    await settled()
    store = memoryObjectStore({ clock })
    await store.create(ROLE, roleWith('list'))
    await store.create(BINDING, bindingOf())
    of.replace(store)
    await clock.advanceAsync(1000)
    expect([isAllowed(policy), isAllowed(policy, 'list')]).toEqual([false, true])
    expect(policy.explain(attributesOf(jane, { verb: 'list', resource: 'pods' }))).toHaveLength(1)
  })

  it('waits for the first list, and gives up if the store is closed', async () => {
    const of = faultyStore(store)
    of.fail()
    let policy: StoredRbac | undefined
    const waiting = follow(of).then((found) => (policy = found))
    await clock.advanceAsync(1000)
    expect(policy).toBeUndefined()
    of.mend()
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
    await policy.close()
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
        const of = faultyStore(store)
        const policy = await follow(of)
        const learning = learningStore(store, [policy])
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
        await policy.close()
      }),
      { numRuns: 15 },
    )
  })
})
