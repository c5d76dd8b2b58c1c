import { inspect } from 'node:util'
import { memberOf } from '@kube-authn/core/internal'
import { createPki } from '@kube-authn/testing'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import type { EtcdObjectStoreOptions } from '../../packages/store/src/etcd/connect-etcd.ts'
import { etcdObjectStore } from '../../packages/store/src/etcd/etcd-store.ts'
import { readEtcdStore } from '../../packages/store/src/etcd/read-etcd-store.ts'
import type { ObjectStore, StoreEvent } from '../../packages/store/src/object-store.ts'
import { has } from './components.ts'
import { type RunningEtcd, startEtcd } from './etcd.ts'
import { openNetwork } from './network.ts'
import { changesOf, openedStores, testReplicas } from './replicas-of-one-store.ts'
import { makeScratch } from './scratch.ts'
import { codeOf } from './write-load.ts'

describe.runIf(has('etcd', 'setpriv'))('stores in one etcd', () => {
  const scratch = makeScratch()
  let etcd: RunningEtcd
  let count = 0
  let prefix = ''
  const stores = openedStores()

  beforeAll(async () => {
    etcd = await startEtcd(scratch, 'etcd')
  })
  beforeEach(() => {
    prefix = `/faults/${count++}/`
  })
  afterAll(async () => {
    await etcd.close()
    scratch.remove()
  })

  const open = async (options: Partial<EtcdObjectStoreOptions> = {}): Promise<ObjectStore> =>
    stores.keep(
      await etcdObjectStore({
        endpoints: [etcd.url],
        allowInsecureHttp: true,
        prefix,
        timeoutSeconds: 2,
        ...options,
      }),
    )

  testReplicas(() => open(), { kill: () => etcd.kill(), start: () => etcd.start() })

  it('tell each other of changes in the same order', async () => {
    const [one, other] = [await open(), await open()]
    const watching = changesOf(other, 100, { since: 0 })
    for (let index = 0; index < 100; index++) await one.create(`/${index}`, '1')
    const told = await watching
    expect(told.map(({ revision }) => revision)).toEqual(Array.from({ length: 100 }, (_, index) => index + 1))
  })

  it('delete an expired object once, and no replica shows it', async () => {
    const all = [await open(), await open(), await open()]
    const { revision, expiresAtMs } = await all[0]!.create('/a', '1', { ttlMs: 300 })
    const watching = changesOf(all[2]!, 1, { since: revision })
    await vi.waitUntil(() => Date.now() > expiresAtMs!)
    for (const store of all) expect(await store.get('/a')).toBeUndefined()
    expect(await watching).toMatchObject([{ type: 'deleted', key: '/a', revision: revision + 1 }])
    await all[1]!.create('/b', '1')
    expect(await all[0]!.revision()).toBe(revision + 2)
  })

  it('end no life early on a replica whose clock is 30 s ahead', async () => {
    const now = Date.now
    const one = await open()
    const { expiresAtMs, revision } = await one.create('/a', '1', { ttlMs: 20_000 })
    Date.now = () => now() + 30_000
    try {
      const ahead = await open()
      expect(await ahead.get('/a')).toMatchObject({ value: '1', expiresAtMs })
      const b = await ahead.create('/b', '1', { ttlMs: 20_000 })
      expect(b.expiresAtMs! - now()).toBeLessThanOrEqual(21_000)
      const short = await ahead.create('/c', '1', { ttlMs: 100 })
      await vi.waitFor(async () => expect(await ahead.get('/c')).toBeUndefined())
      expect(await ahead.get('/a')).toMatchObject({ revision })
      expect(short.expiresAtMs! - now()).toBeLessThan(5000)
    } finally {
      Date.now = now
    }
    expect(await one.get('/a')).toMatchObject({ revision })
  })

  it('are unavailable within their time limit while etcd is stopped, and go on by themselves', async () => {
    const store = await open({ timeoutSeconds: 1 })
    const { revision } = await store.create('/a', '1')
    const watching = changesOf(store, 1, { since: revision })
    etcd.signal('SIGSTOP')
    try {
      // It stops a little later.
      await vi.waitUntil(async () => (await codeOf(store.get('/a'))) === 'storeUnavailable')
      const calls = [store.get('/a'), store.list('/'), store.create('/b', '1'), store.revision()]
      expect(await Promise.all(calls.map(codeOf))).toEqual(calls.map(() => 'storeUnavailable'))
      for (let round = 0; round < 3; round++) expect(await codeOf(store.get('/a'))).toBe('storeUnavailable')
    } finally {
      etcd.signal('SIGCONT')
    }
    await vi.waitFor(() => store.update('/a', '2', revision))
    const [event] = await watching
    expect(event).toMatchObject({ key: expect.stringMatching(/^\/[ab]$/) })
    expect((await store.get('/a'))?.value).toBe('2')
  })

  it('find out what became of a write whose answer is lost, and repeat none', async () => {
    const direct = await open()
    let lose: 'nothing' | 'answers' | 'requests' = 'nothing'
    const flaky: EtcdObjectStoreOptions['fetch'] = async (url, init) => {
      const isWrite =
        url.endsWith('/kv/txn') && init.body.includes('request_put') && !init.body.includes('lease')
      if (!isWrite || lose === 'nothing') return fetch(url, init)
      const how = lose
      lose = 'nothing'
      if (how === 'answers') await fetch(url, init)
      throw new TypeError('terminated')
    }
    const store = await open({ fetch: flaky })
    lose = 'answers'
    const a = await store.create('/a', '1')
    expect(await direct.get('/a')).toEqual(a)
    lose = 'answers'
    const a2 = await store.update('/a', '2', a.revision)
    expect(a2.revision).toBeGreaterThan(a.revision)
    expect(await direct.get('/a')).toEqual({ ...a, value: '2', revision: a2.revision })
    lose = 'requests'
    await expect(store.update('/a', '3', a2.revision)).rejects.toThrow(/was not written/)
    lose = 'answers'
    const gone = await store.delete('/a')
    expect(gone).toEqual({ ...a2, type: 'deleted', revision: await direct.revision() })
    lose = 'requests'
    await expect(store.create('/b', '1')).rejects.toMatchObject({ code: 'storeUnavailable' })
    expect(await direct.get('/b')).toBeUndefined()
  })

  describe('behind a network that fails', () => {
    it('go on with a watch whose connection was cut, or has become silent', async () => {
      const network = await openNetwork(etcd.port)
      const store = await open({ endpoints: [`http://127.0.0.1:${network.port}`] })
      const direct = await open()
      const told: StoreEvent[] = []
      const watching = new AbortController()
      const watched = (async () => {
        for await (const event of store.watch('/', { since: 0, signal: watching.signal })) told.push(event)
      })()
      const isTold = async (revision: number): Promise<void> => {
        await vi.waitUntil(() => told.at(-1)?.revision === revision)
      }
      await isTold((await direct.create('/a', '1')).revision)
      network.cut()
      await isTold((await direct.create('/b', '1')).revision)
      network.forget()
      await direct.create('/c', '1')
      await isTold((await direct.create('/d', '1')).revision)
      expect(told.map((event) => event.type !== 'progress' && event.key)).toEqual(['/a', '/b', '/c', '/d'])
      watching.abort()
      await watched
      await network.close()
    })

    it('tell their watches to list again if changes were forgotten meanwhile, and go on', async () => {
      const network = await openNetwork(etcd.port)
      const store = await open({ endpoints: [`http://127.0.0.1:${network.port}`] })
      const direct = await open()
      const { revision } = await direct.create('/a', '1')
      expect(await changesOf(store, 1, { since: 0 })).toHaveLength(1)
      const watching = changesOf(store, 5, { since: revision })
      network.forget()
      for (const name of 'bcd') await direct.create(`/${name}`, '1')
      await direct.compact(await direct.revision())
      await expect(watching).rejects.toMatchObject({ code: 'revisionCompacted' })
      await vi.waitFor(() => store.create('/e', '1'))
      expect((await store.list('/')).objects).toHaveLength(5)
      await network.close()
    })
  })

  describe('beside other keys, with which etcd is compacted past their last change', () => {
    /** Writes other keys, and forgets everything before them. */
    const compactBeyond = async (): Promise<void> => {
      const call = async (path: string, body: object): Promise<unknown> => {
        const response = await fetch(`${etcd.url}/v3/${path}`, { method: 'POST', body: JSON.stringify(body) })
        expect(response.status).toBe(200)
        return response.json()
      }
      let revision: unknown
      for (let index = 0; index < 3; index++) {
        revision = memberOf(
          memberOf(await call('kv/put', { key: 'b3RoZXI=', value: '' }), 'header'),
          'revision',
        )
      }
      await call('kv/compaction', { revision })
    }

    it('go on with the pages of a list, and are opened again', async () => {
      const store = await open()
      for (const name of 'abc') await store.create(`/${name}`, '1', { ttlMs: 100_000 })
      const first = await store.list('/', { limit: 2 })
      await compactBeyond()
      const rest = await store.list('/', { limit: 2, continue: first.continue! })
      expect(rest.objects.map(({ key }) => key)).toEqual(['/c'])
      for (let index = 0; index < 2; index++) {
        const other = await open()
        const { objects, revision } = await other.list('/', { limit: 2 })
        expect([...first.objects, ...rest.objects].slice(0, 2)).toEqual(objects)
        const watching = changesOf(other, 1, { since: revision })
        const made = await other.create(`/later-${index}`, '1')
        expect(await watching).toEqual([
          expect.objectContaining({ key: `/later-${index}`, revision: made.revision }),
        ])
        await expect(changesOf(other, 1, { since: 0 })).rejects.toMatchObject({ code: 'revisionCompacted' })
        await compactBeyond()
      }
      const update = await vi.waitFor(() => store.update('/a', '2', first.objects[0]!.revision))
      expect(await store.get('/a')).toEqual(update)
    })

    it('have no more forgotten than was written', async () => {
      await (await open()).create('/a', '1')
      await compactBeyond()
      const options = { endpoints: [etcd.url], allowInsecureHttp: true, prefix }
      const found = await readEtcdStore(options, ({ revision, compactedRevision }) =>
        Promise.resolve({ revision, compactedRevision }),
      )
      expect(found).toEqual({ revision: 1, compactedRevision: 1 })
    })

    it('go on after an interruption', async () => {
      const network = await openNetwork(etcd.port)
      const store = await open({ endpoints: [`http://127.0.0.1:${network.port}`] })
      const direct = await open()
      await store.create('/a', '1')
      await compactBeyond()
      network.cut()
      const { revision } = await vi.waitFor(() => direct.create('/b', '1'))
      await vi.waitFor(async () => {
        expect(await changesOf(store, 1, { since: revision - 1 })).toMatchObject([{ key: '/b', revision }])
      }, 10_000)
      await network.close()
    })
  })

  it('notice that etcd has lost its data, and begin anew', async () => {
    const store = await open()
    const { revision } = await store.create('/a', '1', { ttlMs: 100_000 })
    const watching = changesOf(store, 1, { since: revision })
    // It may reject while etcd starts, before it is waited for.
    watching.catch(() => undefined)
    await etcd.kill()
    etcd.wipe()
    await etcd.start()
    await expect(watching).rejects.toMatchObject({ code: 'revisionUnknown' })
    expect(await vi.waitFor(() => store.get('/a'))).toBeUndefined()
    const b = await vi.waitFor(() => store.create('/b', '1'))
    expect(await changesOf(store, 1, { since: 0 })).toEqual([{ ...b, type: 'created' }])
  })

  it('tell a watch that was away during a compaction to list again, and show later changes', async () => {
    const [store, other] = [await open(), await open()]
    for (let index = 0; index < 10; index++) await other.create(`/${index}`, '1')
    const live = changesOf(store, 11, { since: 0 })
    await other.compact(8)
    await expect(changesOf(await open(), 1, { since: 5 })).rejects.toMatchObject({
      code: 'revisionCompacted',
    })
    expect(await changesOf(await open(), 2, { since: 8 })).toHaveLength(2)
    await other.create('/last', '1')
    expect(await live).toHaveLength(11)
  })

  it('ask another member if one cannot be reached', async () => {
    const store = await open({ endpoints: ['http://127.0.0.1:9', etcd.url] })
    const { revision } = await store.create('/a', '1')
    expect(await store.get('/a')).toMatchObject({ revision })
  })

  it('refuse to be opened while etcd is away', async () => {
    await expect(open({ endpoints: ['http://127.0.0.1:9'], timeoutSeconds: 0.3 })).rejects.toMatchObject({
      code: 'storeUnavailable',
    })
  })
})

describe.runIf(has('etcd', 'setpriv'))('an etcd that refuses strangers', () => {
  const scratch = makeScratch()
  afterAll(() => scratch.remove())

  it('is used over TLS with a client certificate, also with that which takes its place', async () => {
    const [pki, other] = [await createPki({ commonName: 'etcd' }), await createPki({ commonName: 'next' })]
    const server = await pki.issueServer({ hosts: ['127.0.0.1'] })
    /** Writes what depends on the CA of clients. */
    const writeClients = async (ca: typeof pki, name: string) => {
      const gateway = await ca.issueClient({ commonName: '', organizations: ['gateway'] })
      const client = await ca.issueClient({ commonName: 'replica' })
      return {
        gatewayCertFile: scratch.write('gateway.crt', gateway.chainPem),
        gatewayKeyFile: scratch.write('gateway.key', gateway.privateKeyPem),
        clientCaFile: scratch.write('client-ca.crt', ca.caPem),
        certFile: scratch.write(`${name}.crt`, client.chainPem),
        keyFile: scratch.write(`${name}.key`, client.privateKeyPem),
      }
    }
    const strange = await writeClients(other, 'strange')
    const { certFile, keyFile, ...clients } = await writeClients(pki, 'client')
    const caFile = scratch.write('ca.crt', pki.caPem)
    const etcd = await startEtcd(scratch, 'tls', {
      tls: {
        certFile: scratch.write('server.crt', server.chainPem),
        keyFile: scratch.write('server.key', server.privateKeyPem),
        ...clients,
      },
    })
    const where = { endpoints: [etcd.url], caFile, certFile, keyFile, timeoutSeconds: 2 }
    try {
      const store = await etcdObjectStore(where)
      const a = await store.create('/a', '1')
      expect(await store.get('/a')).toEqual(a)
      const refused = [
        { endpoints: [etcd.url], caFile },
        { ...where, caFile: certFile },
        { ...where, caFile: scratch.write('other-ca.crt', other.caPem) },
        { ...where, certFile: strange.certFile, keyFile: strange.keyFile },
      ]
      for (const wrong of refused) {
        await expect(etcdObjectStore({ ...wrong, timeoutSeconds: 1 })).rejects.toMatchObject({
          code: 'storeUnavailable',
        })
      }
      const watching = changesOf(store, 1, { since: a.revision })
      await etcd.kill()
      await writeClients(other, 'client')
      await etcd.start()
      const b = await vi.waitFor(() => store.create('/b', '1'), 20_000)
      expect(await watching).toMatchObject([{ key: '/b', revision: b.revision }])
      await store.close()
      // The first certificate is one of a stranger now.
      const first = await pki.issueClient({ commonName: 'replica' })
      scratch.write('client.crt', first.chainPem)
      scratch.write('client.key', first.privateKeyPem)
      await expect(etcdObjectStore(where)).rejects.toMatchObject({ code: 'storeUnavailable' })
    } finally {
      await etcd.close()
    }
  })

  it('is used as a user, whose token is renewed when etcd no longer knows it', async () => {
    const etcd = await startEtcd(scratch, 'users')
    const post = async (path: string, body: object): Promise<void> => {
      const response = await fetch(`${etcd.url}/v3/${path}`, { method: 'POST', body: JSON.stringify(body) })
      expect(await response.text()).not.toContain('"error"')
    }
    const base64 = (text: string): string => Buffer.from(text).toString('base64')
    for (const name of ['root', 'replica']) {
      await post('auth/role/add', { name })
      await post('auth/user/add', { name, password: `${name}-password` })
      await post('auth/user/grant', { user: name, role: name })
    }
    const perm = { permType: 'READWRITE', key: base64('/ours/'), range_end: base64('/ours0') }
    await post('auth/role/grant', { name: 'replica', perm })
    await post('auth/enable', {})
    const where = { endpoints: [etcd.url], allowInsecureHttp: true, prefix: '/ours/', timeoutSeconds: 2 }
    const credentials = { username: 'replica', password: 'replica-password' }
    try {
      const store = await etcdObjectStore({ ...where, ...credentials })
      const { revision } = await store.create('/a', '1', { ttlMs: 100_000 })
      const watch = store.watch('/', { since: revision })[Symbol.asyncIterator]()
      const next = watch.next()
      await etcd.kill()
      await etcd.start()
      const b = await store.create('/b', '1').catch(() => store.create('/b', '1'))
      expect((await next).value).toMatchObject({ key: '/b', revision: b.revision })
      await store.close()
      for (const wrong of [
        where,
        { ...where, ...credentials, password: 'wrong-password' },
        { ...where, ...credentials, prefix: '/theirs/' },
      ]) {
        const refused: unknown = await etcdObjectStore(wrong).catch((thrown: unknown) => thrown)
        expect(refused).toMatchObject({ code: 'storeUnavailable' })
        expect(inspect(refused, { depth: 10 })).not.toContain('-password')
      }
    } finally {
      await etcd.close()
    }
  })
})
