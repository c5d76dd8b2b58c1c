import type { ObjectStore } from '@kube-authn/store'
import { etcdObjectStore } from '@kube-authn/store/etcd'
import { migratePostgresStore, postgresObjectStore } from '@kube-authn/store/postgres'
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest'
import { has } from './components.ts'
import { startEtcd } from './etcd.ts'
import { canDropPackets, dropPackets, type FaultyNetwork, isDelivered, openNetwork } from './network.ts'
import { startPostgres } from './postgres.ts'
import { makeScratch, type Scratch } from './scratch.ts'
import { codeOf, expectHistory, startWatching, startWriting } from './write-load.ts'

const TIMEOUT_SECONDS = 1

type Open = (port: number) => Promise<ObjectStore>

/** On a busy machine an engine may take longer than the timeout of a store to answer its first request. */
function patiently(open: Open): Open {
  return (port) => vi.waitFor(() => open(port), { timeout: 300_000, interval: 100 })
}

interface Engine {
  readonly port: number
  /** Makes a store. Returns a function that opens it over a way to a port. */
  make(): Promise<Open>
  close(): Promise<void>
}

const ENGINES = {
  async postgres(scratch: Scratch): Promise<Engine> {
    const { port, url, close } = await startPostgres(scratch)
    let count = 0
    const make = async (): Promise<Open> => {
      const schema = `cut_${count++}`
      await migratePostgresStore({ connectionString: url, schema })
      return patiently((at) =>
        postgresObjectStore({
          connectionString: `postgres://postgres@127.0.0.1:${at}/postgres`,
          schema,
          timeoutSeconds: TIMEOUT_SECONDS,
        }),
      )
    }
    return { port, make, close }
  },
  async etcd(scratch: Scratch): Promise<Engine> {
    const { port, close } = await startEtcd(scratch, 'etcd')
    const make = async (): Promise<Open> => {
      const prefix = `/${crypto.randomUUID()}/`
      return patiently((at) =>
        etcdObjectStore({
          endpoints: [`http://127.0.0.1:${at}`],
          allowInsecureHttp: true,
          prefix,
          timeoutSeconds: TIMEOUT_SECONDS,
        }),
      )
    }
    return { port, make, close }
  },
} as const

const mayDrop = await canDropPackets()

function drop(network: FaultyNetwork): () => void {
  network.drop()
  return () => network.mend()
}

function dropAndForget(network: FaultyNetwork): () => void {
  network.drop()
  network.forget()
  return () => network.mend()
}

describe.each(['postgres', 'etcd'] as const)('a store whose way to %s fails', (name) => {
  describe.runIf(has(name, 'setpriv'))('in the middle of writes and of a watch', () => {
    const scratch = makeScratch()
    let engine: Engine
    beforeAll(async () => {
      engine = await ENGINES[name](scratch)
    })
    afterAll(async () => {
      await engine.close()
      scratch.remove()
    })

    /** Two stores over the same objects: one whose way to them can fail, and another. */
    const twoWays = async (): Promise<{
      readonly network: FaultyNetwork
      readonly cutOff: ObjectStore
      readonly other: ObjectStore
    }> => {
      const network = await openNetwork(engine.port)
      onTestFinished(() => network.close())
      const open = await engine.make()
      const [cutOff, other] = [await open(network.port), await open(engine.port)]
      onTestFinished(async () => {
        await cutOff.close()
        await other.close()
      })
      return { network, cutOff, other }
    }

    it.each<readonly [how: string, begin: (network: FaultyNetwork) => () => void]>([
      ['while nothing comes through, and heals', drop],
      ['while nothing comes through, and heals though the connections were forgotten', dropAndForget],
      ...(mayDrop
        ? [
            [
              'while packets are dropped, and heals',
              (network: FaultyNetwork) => dropPackets(network.port),
            ] as const,
          ]
        : []),
    ])('is unavailable within its deadline %s', async (_, begin) => {
      const { network, cutOff, other } = await twoWays()
      const told = startWatching(cutOff)
      // The other one writes for as long as that takes, and never fails.
      const load = startWriting([cutOff, other], { pauseMs: [5, 50] })
      await load.progress(100, 0)
      const end = begin(network)
      try {
        await load.refusals(8)
        await load.progress(100, 1)
        const reads = [cutOff.get('/0/0/0'), cutOff.list('/'), cutOff.revision()]
        expect(await Promise.all(reads.map(codeOf))).toEqual(reads.map(() => 'storeUnavailable'))
        await load.refusals(8)
      } finally {
        end()
      }
      await load.progress(100, 0)
      await load.stop()
      await expectHistory(other, load, told)
      await told.stop()
    })

    it.runIf(mayDrop && name === 'postgres')(
      'does not make a write when packets come through again that it refused meanwhile',
      async () => {
        const { network, cutOff, other } = await twoWays()
        await cutOff.create('/before', 'x')
        const end = dropPackets(network.port)
        try {
          expect(await codeOf(cutOff.create('/meanwhile', 'x'))).toBe('storeUnavailable')
        } finally {
          end()
        }
        // The kernel sends it again.
        await vi.waitUntil(() => isDelivered(network.port, engine.port))
        await vi.waitFor(() => cutOff.create('/after', 'x'))
        expect((await other.list('/')).objects.map(({ key }) => key)).toEqual(['/after', '/before'])
      },
    )

    it('can be closed while nothing comes through', async () => {
      const network = await openNetwork(engine.port)
      const open = await engine.make()
      const store = await open(network.port)
      const told = startWatching(store)
      const { revision } = await store.create('/a', 'x')
      await told.reach(revision)
      network.drop()
      const read = store.get('/a').catch((thrown: unknown) => thrown)
      await store.close()
      expect(await read).toMatchObject({ code: 'storeUnavailable' })
      await expect(told.stop()).rejects.toMatchObject({ code: 'closed' })
      await network.close()
    })
  })
})
