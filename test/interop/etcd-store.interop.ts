import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fixedClock } from '../../packages/core/test/fakes.ts'
import type { EtcdFetch } from '../../packages/store/src/etcd/etcd-client.ts'
import { etcdObjectStore } from '../../packages/store/src/etcd/etcd-store.ts'
import { storeContract } from '../../packages/store/test/store-contract.ts'
import { has } from './components.ts'
import { type RunningEtcd, startEtcd } from './etcd.ts'
import { makeScratch } from './scratch.ts'

describe.runIf(has('etcd', 'setpriv'))('a store in etcd', () => {
  const scratch = makeScratch()
  let etcd: RunningEtcd
  let count = 0
  beforeAll(async () => {
    etcd = await startEtcd(scratch, 'etcd')
  })
  afterAll(async () => {
    await etcd.close()
    scratch.remove()
  })

  storeContract(
    async (options) => {
      const where = {
        endpoints: [etcd.url],
        allowInsecureHttp: true,
        prefix: `/contract/${count++}/`,
        // A thousand calls at once wait for each other on a machine that is busy.
        timeoutSeconds: 60,
      }
      const reopen = () => etcdObjectStore({ ...where, ...options })
      return { store: await reopen(), reopen }
    },
    { isDurable: true },
  )

  it('changes no object that has ended, also if its watch has not told of the object', async () => {
    const clock = fixedClock(1_000_000)
    let watches = 0
    // The first watch is that of the opening.
    const fetchWithoutWatch: EtcdFetch = (url, init) =>
      url.endsWith('/watch') && watches++ > 0 ? neverBefore(init.signal) : fetch(url, init)
    const where = { endpoints: [etcd.url], allowInsecureHttp: true, prefix: `/contract/${count++}/`, clock }
    const store = await etcdObjectStore({ ...where, fetch: fetchWithoutWatch })
    try {
      const own = await store.create('/own', '1', { ttlMs: 1000 })
      const other = await etcdObjectStore(where)
      const others = await other.create('/others', '1', { ttlMs: 1000 })
      const lasting = await store.create('/lasting', '1')
      await other.close()
      clock.advance(999)
      expect(await store.get('/own')).toEqual(own)
      const updated = await store.update('/own', '2', own.revision, { ttlMs: 2 })
      clock.advance(1)
      await expect(store.update('/others', '2', others.revision)).rejects.toMatchObject(notFound)
      await expect(store.delete('/others')).rejects.toMatchObject(notFound)
      clock.advance(1)
      await expect(store.update('/own', '3', updated.revision)).rejects.toMatchObject(notFound)
      expect((await store.create('/own', '4')).expiresAtMs).toBeUndefined()
      expect((await store.update('/lasting', '2', lasting.revision)).value).toBe('2')
    } finally {
      await store.close()
    }
  })
})

const notFound = { code: 'objectNotFound' }

/** No answer, until the request is given up. */
function neverBefore(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(new DOMException('aborted', 'AbortError')))
  })
}
