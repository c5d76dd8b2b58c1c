import type { ObjectStore } from '@kube-authn/store'
import { etcdObjectStore } from '@kube-authn/store/etcd'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { has } from './components.ts'
import { type EtcdCluster, startEtcdCluster } from './etcd-cluster.ts'
import { makeScratch } from './scratch.ts'
import {
  codeOf,
  expectHistory,
  startWatching,
  startWriting,
  type Told,
  type WriteLoad,
} from './write-load.ts'

const TIMEOUT_SECONDS = 2

describe.runIf(has('etcd', 'setpriv'))('stores in an etcd of three members', () => {
  const scratch = makeScratch()
  let cluster: EtcdCluster
  let count = 0
  let stores: readonly ObjectStore[]
  let load: WriteLoad
  let told: Told

  beforeAll(async () => {
    cluster = await startEtcdCluster(scratch)
  })
  beforeEach(async () => {
    const [one = '', two = '', three = ''] = cluster.urls
    const prefix = `/members/${count++}/`
    const open = (...endpoints: readonly string[]): Promise<ObjectStore> =>
      etcdObjectStore({ endpoints, allowInsecureHttp: true, prefix, timeoutSeconds: TIMEOUT_SECONDS })
    stores = [await open(one, two, three), await open(two, three, one), await open(three, one, two)]
    told = startWatching(stores[2]!)
    load = startWriting(stores, { pauseMs: 5 })
    await load.progress(100)
  })
  afterEach(async () => {
    await load.stop()
    await told.stop()
    for (const store of stores) await store.close()
  })
  afterAll(async () => {
    await cluster.close()
    scratch.remove()
  })

  /** Every store writes again, and nothing is wrong with what was written. */
  const expectHealed = async (): Promise<void> => {
    for (const index of stores.keys()) await load.progress(20, index)
    await load.stop()
    console.log(`${load.acknowledged.size} acknowledged, ${load.refused.size} refused`)
    await expectHistory(stores[0]!, load, told)
  }

  it.each([
    ['the leader is killed', (leader: number) => [leader]],
    ['one that follows is killed', (leader: number) => [(leader + 1) % 3]],
  ])('go on when %s, and when it returns', async (_, choose) => {
    const killed = choose(await cluster.leader()).map((index) => cluster.members[index]!)
    await Promise.all(killed.map((member) => member.kill()))
    for (const index of stores.keys()) await load.progress(50, index)
    await Promise.all(killed.map((member) => member.start()))
    await cluster.healthy()
    await expectHealed()
  })

  it('are unavailable within their time limit when a majority is killed, and go on when it returns', async () => {
    const leader = await cluster.leader()
    const killed = [leader, (leader + 1) % 3].map((index) => cluster.members[index]!)
    await Promise.all(killed.map((member) => member.kill()))
    await load.refusals(12)
    const reads = stores.map((store) => codeOf(store.get('/0/0/0')))
    expect(await Promise.all(reads)).toEqual(reads.map(() => 'storeUnavailable'))
    await Promise.all(killed.map((member) => member.start()))
    await cluster.healthy()
    await expectHealed()
  })

  it.each([
    ['the leader', (leader: number) => leader],
    ['one that follows', (leader: number) => (leader + 1) % 3],
  ])('go on when %s is silent, and when it wakes up late', async (_, choose) => {
    const silent = cluster.members[choose(await cluster.leader())]!
    silent.signal('SIGSTOP')
    try {
      for (const index of stores.keys()) await load.progress(100, index)
    } finally {
      silent.signal('SIGCONT')
    }
    await cluster.healthy()
    await expectHealed()
  })
})
