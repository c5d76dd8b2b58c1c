import { afterAll, beforeAll, describe, vi } from 'vitest'
import { etcdObjectStore } from '../../packages/server/src/store/etcd/etcd-object-store.ts'
import { storeContract } from '../../packages/server/test/store-contract.ts'
import { has } from './components.ts'
import { type RunningEtcd, startEtcd } from './etcd.ts'
import { makeScratch } from './scratch.ts'

describe.runIf(has('etcd', 'setpriv'))('a store in etcd', () => {
  const scratch = makeScratch()
  let etcd: RunningEtcd
  let count = 0
  // 100,000 objects, each durable.
  vi.setConfig({ testTimeout: 600_000 })
  beforeAll(async () => {
    etcd = await startEtcd(scratch, 'etcd')
  })
  afterAll(async () => {
    await etcd.close()
    scratch.remove()
  })

  storeContract(
    async (options) => {
      const where = { endpoints: [etcd.url], allowInsecureHttp: true, prefix: `/contract/${count++}/` }
      const reopen = () => etcdObjectStore({ ...where, ...options })
      return { store: await reopen(), reopen }
    },
    { isDurable: true },
  )
})
