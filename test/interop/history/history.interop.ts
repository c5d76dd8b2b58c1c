import { migratePostgresStore } from '@kube-authn/store/postgres'
import { afterAll, describe, expect, it } from 'vitest'
import { has } from '../components.ts'
import { startEtcd } from '../etcd.ts'
import { startPostgres } from '../postgres.ts'
import { makeScratch } from '../scratch.ts'
import { type Engine, runHistory } from './run-history.ts'

/** `node test/interop/history.mjs` sets them. */
const {
  HISTORY_RUNS: runs = '1',
  HISTORY_SECONDS: seconds = '10',
  HISTORY_SEED: seed = '1',
  HISTORY_ENGINE: wanted = '',
} = process.env

describe.each(['postgres', 'etcd'] as const)('three replicas over one %s, under faults', (name) => {
  const scratch = makeScratch()
  let engine: (Engine & { close(): Promise<void> }) | undefined
  afterAll(async () => {
    await engine?.close()
    scratch.remove()
  })

  const open = async (): Promise<Engine & { close(): Promise<void> }> => {
    if (name === 'postgres') {
      const server = await startPostgres(scratch)
      const urlAt = (port: number): string => `postgres://postgres@127.0.0.1:${port}/postgres`
      return {
        ...server,
        name,
        urlAt,
        prepare: (schema) => migratePostgresStore({ connectionString: server.url, schema }),
      }
    }
    const server = await startEtcd(scratch, 'etcd')
    return { ...server, name, urlAt: (port) => `http://127.0.0.1:${port}`, prepare: () => Promise.resolve() }
  }

  it
    .runIf(has(name, 'setpriv') && name.includes(wanted))
    .each(Array.from({ length: Number(runs) }, (_, index) => Number(seed) + index))(
    'have one history, with the seed %i',
    async (ofRun) => {
      engine ??= await open()
      const store = `history_${ofRun}`
      const { problems, summary } = await runHistory({ engine, store, seed: ofRun, seconds: Number(seconds) })
      console.log(summary)
      expect(problems.slice(0, 10)).toEqual([])
    },
    (Number(seconds) + 900) * 1000,
  )
})
