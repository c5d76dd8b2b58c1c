import { userInfo } from '@kube-authn/core'
import type { UsedCredential } from '@kube-authn/core/revocation'
import { fixedClock } from '@kube-authn/testing'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { registry, type Registry } from '../registry/registry.ts'
import type { KubeObject } from '../registry/kube-object.ts'
import { allResources } from '../registry/resources/index.ts'
import { credentialRevocations as resource } from '../registry/resources/credential-revocations.ts'
import { faultyStore } from '../../../store/test/faulty-store.ts'
import { memoryObjectStore, type ObjectStore } from '@kube-authn/store'
import { revocations, REVOCATIONS_PREFIX, type StoredRevocations } from './revocations.ts'

const admin = { user: userInfo({ username: 'admin' }), context: {} }

const used = (username: string, more: Partial<UsedCredential> = {}): UsedCredential => ({
  user: userInfo({ username }),
  certificateId: undefined,
  issuedAtMs: undefined,
  expiresAtMs: undefined,
  tokenSha256: undefined,
  ...more,
})

const revocation = (name: string, spec: object): KubeObject => ({
  apiVersion: 'authentication.kube-authn.dev/v1',
  kind: 'CredentialRevocation',
  metadata: { name },
  spec,
})

async function opened(
  options: {
    readonly store?: ObjectStore
    readonly maxStalenessSeconds?: number
    readonly onError?: (error: unknown) => void
  } = {},
  clock = fixedClock(),
): Promise<{
  readonly store: ObjectStore
  readonly revoked: StoredRevocations
  readonly objects: Registry
  readonly clock: ReturnType<typeof fixedClock>
}> {
  const { store = memoryObjectStore({ clock }), ...rest } = options
  const revoked = await revocations({ store, clock, ...rest })
  onTestFinished(() => revoked.close())
  return {
    store,
    revoked,
    objects: registry({ store, resources: allResources, clock, learners: [revoked] }),
    clock,
  }
}

const create = (objects: Registry, name: string, spec: object): Promise<KubeObject> =>
  objects.create({ resource, namespace: '' }, revocation(name, spec), { caller: admin })

const remove = (objects: Registry, name: string): Promise<KubeObject> =>
  objects.delete({ resource, namespace: '', name })

describe('revocations', () => {
  it('knows what is written before the writer does, and what is deleted', async () => {
    const { objects, revoked } = await opened()
    expect(revoked.isRevoked(used('jane'))).toBe(false)
    await create(objects, 'one', { user: 'jane' })
    expect(revoked.isRevoked(used('jane'))).toBe(true)
    await remove(objects, 'one')
    expect(revoked.isRevoked(used('jane'))).toBe(false)
  })

  it('knows what was written before it was opened, and by others', async () => {
    const { objects, store, clock } = await opened()
    await create(objects, 'one', { user: 'jane' })
    const replica = await opened({ store }, clock)
    expect(replica.revoked.isRevoked(used('jane'))).toBe(true)
    await create(objects, 'two', { user: 'bob' })
    await vi.waitFor(() => expect(replica.revoked.isRevoked(used('bob'))).toBe(true))
    await remove(objects, 'one')
    await vi.waitFor(() => expect(replica.revoked.isRevoked(used('jane'))).toBe(false))
  })

  it.each([
    ['a token', { tokenSha256: 'a'.repeat(64) }, used('jane', { tokenSha256: 'a'.repeat(64) })],
    ['a user', { user: 'jane' }, used('jane')],
    [
      'what was issued to a user before a part of a second',
      { user: 'jane', issuedBeforeMs: 1 },
      used('jane', { issuedAtMs: 500 }),
    ],
    [
      'an attribute',
      { attribute: { key: 'example.com/session', value: '__proto__' } },
      {
        ...used('bob'),
        user: userInfo({ username: 'bob', extra: { 'example.com/session': ['__proto__'] } }),
      },
    ],
    [
      'a credential',
      { credentialId: 'SESSION=1' },
      {
        ...used('bob'),
        user: userInfo({
          username: 'bob',
          extra: { 'authentication.kubernetes.io/credential-id': ['SESSION=1'] },
        }),
      },
    ],
  ] as const)('writes the revocation of %s for all replicas, once', async (_, subject, credential) => {
    const { store, clock, ...replica } = await opened()
    const stalled = faultyStore(store)
    const { revoked } = await opened({ store: stalled }, clock)
    stalled.stall()
    const expiresAtMs = clock.now() + 60_001
    await revoked.set('a session', { ...subject, expiresAtMs })
    expect(revoked.isRevoked(credential)).toBe(true)
    await replica.revoked.set('a session', { ...subject, expiresAtMs })
    await vi.waitFor(() => expect(replica.revoked.isRevoked(credential)).toBe(true))
    const { objects } = await store.list(REVOCATIONS_PREFIX)
    expect(objects.map((each) => each.expiresAtMs)).toEqual([Math.ceil(expiresAtMs / 1000) * 1000])
    expect(JSON.parse(objects[0]?.value ?? '')).toMatchObject({ spec: { reason: 'a session' } })
  })

  it('cuts the name of a revocation to the length of a reason', async () => {
    const { revoked, objects } = await opened()
    await revoked.set('x'.repeat(1025), { user: 'jane' })
    const { items } = await objects.list({ resource, namespace: '' })
    expect(items.map(({ spec }) => spec)).toEqual([{ user: 'jane', reason: 'x'.repeat(1024) }])
  })

  it('writes nothing that is over, or that is not a revocation, and says that it could not be written', async () => {
    const store = faultyStore()
    const { revoked, clock } = await opened({ store })
    await revoked.set('over', { user: 'jane', expiresAtMs: clock.now() })
    await expect(revoked.set('all', {})).rejects.toThrow('must have one of')
    expect((await store.list(REVOCATIONS_PREFIX)).objects).toEqual([])
    store.fail()
    await expect(revoked.set('jane', { user: 'jane' })).rejects.toMatchObject({ status: 503 })
  })

  it('ends a revocation at its time, in the store too', async () => {
    const { objects, revoked, store, clock } = await opened({ maxStalenessSeconds: 3600 })
    const expirationTime = new Date(clock.now() + 60_000).toISOString().replace(/\.\d+/, '')
    await create(objects, 'one', { user: 'jane', expirationTime })
    expect(revoked.isRevoked(used('jane'))).toBe(true)
    clock.advance(61_000)
    await vi.waitFor(() => expect(revoked.isRevoked(used('jane'))).toBe(false))
    expect((await store.list(REVOCATIONS_PREFIX)).objects).toEqual([])
  })

  it.each([
    ['ahead', 300_000],
    ['behind', -300_000],
  ])('ends no revocation by the clock of a replica that is five minutes %s', async (_, skewMs) => {
    const clock = fixedClock(Date.UTC(2030, 0, 1))
    const store = memoryObjectStore({ clock })
    const wrong = fixedClock(clock.now() + skewMs)
    const revoked = await revocations({ store, clock: wrong, maxStalenessSeconds: 86_400 })
    onTestFinished(() => revoked.close())
    // Written there, too.
    const objects = registry({ store, resources: allResources, clock: wrong, learners: [revoked] })
    const expirationTime = new Date(clock.now() + 330_000).toISOString()
    await create(objects, 'one', { user: 'jane', expirationTime })
    for (const passedMs of [0, 40_000, 280_000]) {
      clock.advance(passedMs)
      wrong.advance(passedMs)
      await store.revision()
      expect(revoked.isRevoked(used('jane'))).toBe(true)
    }
    clock.advance(10_000)
    await vi.waitFor(() => expect(revoked.isRevoked(used('jane'))).toBe(false))
  })

  it('tells time by the store, so that tokens of replicas with other clocks are not issued later', async () => {
    const clock = fixedClock(Date.UTC(2030, 0, 1))
    const store = memoryObjectStore({ clock })
    const revoked = await revocations({ store, maxStalenessSeconds: 86_400 })
    onTestFinished(() => revoked.close())
    const objects = registry({ store, resources: allResources, learners: [revoked] })
    const before = new Date(clock.now()).toISOString()
    const { metadata } = await create(objects, 'one', { user: 'jane', issuedBefore: before })
    expect(metadata.creationTimestamp).toBe('2030-01-01T00:00:00Z')
    const isRevoked = (issuedAtMs: number): boolean => revoked.isRevoked(used('jane', { issuedAtMs }))
    expect([-1, 10_001, 300_000, Infinity].map((ms) => isRevoked(clock.now() + ms))).toEqual([
      true,
      true,
      true,
      false,
    ])
    clock.advance(10_001)
    expect(isRevoked(clock.now())).toBe(false)
  })

  it('ends open connections when it is not known for too long what is revoked, and only then', async () => {
    const clock = fixedClock()
    const store = faultyStore(memoryObjectStore({ clock }))
    const { revoked } = await opened({ store, maxStalenessSeconds: 30 }, clock)
    const onRevoked = vi.fn<() => void>()
    const other = vi.fn<() => void>()
    revoked.watch(used('jane'), onRevoked)
    const stop = revoked.watch(used('jane'), other)
    const pass = async (seconds: number): Promise<void> => {
      for (let second = 0; second < seconds; second++) {
        clock.advance(1000)
        await store.revision().catch(() => undefined)
      }
    }
    await pass(120)
    expect(onRevoked).not.toHaveBeenCalled()
    store.fail()
    await pass(25)
    expect(onRevoked).not.toHaveBeenCalled()
    stop()
    await pass(8)
    expect(onRevoked).toHaveBeenCalledOnce()
    expect(other).not.toHaveBeenCalled()
    expect(() => revoked.isRevoked(used('jane'))).toThrow('not known')
    await revoked.close()
    const late = vi.fn<() => void>()
    revoked.watch(used('jane'), late)
    clock.advance(1000)
    expect(late).toHaveBeenCalledOnce()
  })

  it('tells open connections of what others write', async () => {
    const { revoked, store, clock } = await opened()
    const onRevoked = vi.fn<() => void>()
    revoked.watch(used('jane'), onRevoked)
    const other = registry({ store, resources: allResources, clock })
    await create(other, 'one', { user: 'jane' })
    await vi.waitFor(() => expect(onRevoked).toHaveBeenCalledOnce())
  })

  it('is right after any number of changes that race', async () => {
    const { objects, store, clock } = await opened()
    const replica = await opened({ store }, clock)
    await Promise.all(
      Array.from({ length: 200 }, async (_, index) => {
        await create(objects, `r${index}`, { user: `user-${index % 50}` })
        if (index % 50 < 25) await remove(objects, `r${index}`)
      }),
    )
    await create(objects, 'last', { user: 'last' })
    await vi.waitFor(() => expect(replica.revoked.isRevoked(used('last'))).toBe(true))
    for (let user = 0; user < 50; user++) {
      expect(replica.revoked.isRevoked(used(`user-${user}`))).toBe(user >= 25)
    }
  })

  it('takes nothing older than what it knows', async () => {
    const { objects, store, revoked } = await opened()
    await create(objects, 'one', { user: 'jane' })
    const [stored] = (await store.list(REVOCATIONS_PREFIX)).objects
    if (stored === undefined) throw new Error('nothing is stored')
    revoked.learn({ ...stored, type: 'deleted', revision: stored.revision - 1 })
    expect(revoked.isRevoked(used('jane'))).toBe(true)
    revoked.learn({ ...stored, type: 'deleted', revision: stored.revision + 5 })
    revoked.learn(stored)
    expect(revoked.isRevoked(used('jane'))).toBe(false)
  })

  it('reports an object that cannot be read, which revokes nothing', async () => {
    const onError = vi.fn<(error: unknown) => void>()
    const { store, revoked } = await opened({ onError })
    await store.create(`${REVOCATIONS_PREFIX}odd`, JSON.stringify({ ...revocation('odd', {}), metadata: {} }))
    await vi.waitFor(() => expect(onError).toHaveBeenCalledOnce())
    expect(revoked.isRevoked(used('jane'))).toBe(false)
  })

  it('goes on after an object that says nothing, or more than one thing', async () => {
    const onError = vi.fn<(error: unknown) => void>()
    const { store, revoked, objects } = await opened({ onError })
    for (const spec of [
      {},
      { user: 'jane', credentialID: 'JTI=1' },
      { issuedBefore: '2020-01-01T00:00:00Z' },
    ])
      await store.create(REVOCATIONS_PREFIX + crypto.randomUUID(), JSON.stringify(revocation('odd', spec)))
    await vi.waitFor(() => expect(onError).toHaveBeenCalledTimes(3))
    expect(revoked.isRevoked(used('jane'))).toBe(false)
    await create(objects, 'bob', { user: 'bob' })
    expect(revoked.isRevoked(used('bob'))).toBe(true)
  })
})

describe('a store that cannot be followed', () => {
  it('makes every credential unavailable after maxStalenessSeconds, and heals by itself', async () => {
    const clock = fixedClock()
    const store = faultyStore(memoryObjectStore({ clock }))
    const { revoked } = await opened({ store, maxStalenessSeconds: 20 }, clock)
    await clock.advanceAsync(0)
    expect(revoked.outdatedSinceMs).toBeUndefined()
    store.fail()
    await clock.advanceAsync(20_000)
    expect(revoked.isRevoked(used('jane'))).toBe(false)
    await clock.advanceAsync(1)
    expect(() => revoked.isRevoked(used('jane'))).toThrow(
      expect.objectContaining({ code: 'unavailable', retryAfterSeconds: 2 }),
    )
    store.mend()
    await clock.advanceAsync(5000)
    expect(revoked.isRevoked(used('jane'))).toBe(false)
  })

  it('accepts nothing after it was closed', async () => {
    const { revoked } = await opened()
    await revoked.close()
    expect(() => revoked.isRevoked(used('jane'))).toThrow(/not known/)
  })
})

describe('credentialrevocations', () => {
  it.each<[string, object]>([
    ['a user', { user: 'jane' }],
    ['earlier credentials of a user', { user: 'jane', issuedBefore: '2026-01-01T00:00:00Z' }],
    ['an id', { credentialID: 'JTI=1' }],
    ['a digest', { tokenSHA256: 'a'.repeat(64) }],
    ['a session', { attribute: { key: '__proto__', value: '1' }, reason: 'lost laptop' }],
  ])('may be of %s, and say who made them, whatever the client says', async (_, spec) => {
    const { objects } = await opened()
    const made = await create(objects, 'one', { ...spec, revokedBy: 'another-user' })
    expect(made['spec']).toEqual({ ...spec, revokedBy: 'admin' })
  })

  it.each<[string, object]>([
    ['nothing', {}],
    ['a session without a value', { attribute: { key: 'sid', value: '' } }],
    ['two subjects', { user: 'jane', credentialID: 'JTI=1' }],
    ['a digest that is none', { tokenSHA256: 'secret' }],
    ['a time without a user', { credentialID: 'JTI=1', issuedBefore: '2026-01-01T00:00:00Z' }],
    ['a long reason', { user: 'jane', reason: 'x'.repeat(1025) }],
  ])('cannot be of %s', async (_, spec) => {
    const { objects, revoked } = await opened()
    await expect(create(objects, 'one', spec)).rejects.toMatchObject({ status: 422 })
    expect(revoked.isRevoked(used('jane'))).toBe(false)
  })

  it('cannot be changed, except for their metadata', async () => {
    const { objects } = await opened()
    const made = await create(objects, 'one', { user: 'jane' })
    const target = { resource, namespace: '', name: 'one' }
    const changed = { ...made, spec: { user: 'bob' } }
    await expect(objects.update(target, changed, { caller: admin })).rejects.toMatchObject({ status: 422 })
    const labelled = { ...made, metadata: { ...made.metadata, labels: { a: 'b' } } }
    expect(await objects.update(target, labelled, { caller: admin })).toMatchObject({
      metadata: { labels: { a: 'b' } },
      spec: { user: 'jane', revokedBy: 'admin' },
    })
  })
})
