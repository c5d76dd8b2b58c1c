import { migratePostgresStore } from '@kube-authn/store/postgres'
import { afterAll, describe, expect, it } from 'vitest'
import { has } from '../components.ts'
import { startEtcd } from '../etcd.ts'
import { startEtcdCluster } from '../etcd-cluster.ts'
import { startPostgres } from '../postgres.ts'
import { makeScratch, type Scratch } from '../scratch.ts'
import { type Engine, runHistory } from './run-history.ts'

/** `node test/interop/history.mjs` sets them. */
const {
  HISTORY_RUNS: runs = '1',
  HISTORY_SECONDS: seconds = '10',
  HISTORY_SEED: seed = '1',
  HISTORY_ENGINE: wanted = '',
} = process.env

type Closeable = Engine & { close(): Promise<void> }
const nothing = (): Promise<void> => Promise.resolve()

/** An etcd of three members, of which one after the other is killed. */
async function threeMembers(scratch: Scratch): Promise<Closeable> {
  const { urls, members, healthy, close } = await startEtcdCluster(scratch)
  let turn = -1
  return {
    name: 'etcd',
    ports: urls.map((url) => Number(new URL(url).port)),
    urlAt: (port) => `http://127.0.0.1:${port}`,
    prepare: nothing,
    close,
    async kill() {
      turn = (turn + 1) % members.length
      await members[turn]?.kill()
    },
    async start() {
      await members[turn]?.start()
      await healthy()
    },
  }
}

const ENGINES: Readonly<Record<string, (scratch: Scratch) => Promise<Closeable>>> = {
  async postgres(scratch) {
    const server = await startPostgres(scratch)
    return {
      ...server,
      name: 'postgres',
      ports: [server.port],
      urlAt: (port) => `postgres://postgres@127.0.0.1:${port}/postgres`,
      prepare: (schema) => migratePostgresStore({ connectionString: server.url, schema }),
    }
  },
  async etcd(scratch) {
    const server = await startEtcd(scratch, 'etcd')
    const urlAt = (port: number): string => `http://127.0.0.1:${port}`
    return { ...server, name: 'etcd', ports: [server.port], urlAt, prepare: nothing }
  },
  'etcd of three members': threeMembers,
  sqlite: (scratch) =>
    Promise.resolve({
      name: 'sqlite',
      ports: [],
      urlAt: () => scratch.folder,
      prepare: nothing,
      kill: nothing,
      start: nothing,
      close: nothing,
    }),
}

describe.each(Object.keys(ENGINES))('replicas over one %s, under faults', (name) => {
  const scratch = makeScratch()
  let engine: Closeable | undefined
  afterAll(async () => {
    await engine?.close()
    scratch.remove()
  })
  const isHere = name === 'sqlite' || has(name === 'postgres' ? 'postgres' : 'etcd', 'setpriv')

  it
    .runIf(isHere && name.includes(wanted))
    .each(Array.from({ length: Number(runs) }, (_, index) => Number(seed) + index))(
    'have one history, with the seed %i',
    async (ofRun) => {
      engine ??= await ENGINES[name]?.(scratch)
      if (engine === undefined) throw new TypeError(`there is no ${name}`)
      const store = `history_${ofRun}`
      const { problems, summary } = await runHistory({ engine, store, seed: ofRun, seconds: Number(seconds) })
      console.log(summary)
      expect(problems.slice(0, 10)).toEqual([])
    },
    (Number(seconds) + 900) * 1000,
  )
})
