import { setTimeout as pause } from 'node:timers/promises'
import { vi } from 'vitest'
import { checkHistory } from './check-history.ts'
import { ask, listAll, type Recorder, recorder, runClient } from './clients.ts'
import { injectFaults, type Killable, type Placed } from './faults.ts'
import { openNetwork } from './network.ts'
import { seededRandom } from '../../simulation/src/random.ts'
import { startReplica, type StorePlace } from './replica.ts'

/** An engine of a run. */
export interface Engine extends Killable {
  readonly name: StorePlace['engine']
  /** Where its members listen: each replica uses one of them. None if it is a file, which one process may have. */
  readonly ports: readonly number[]
  /** The URL of a port with the same engine behind it, or the path of the file. */
  urlAt(port: number): string
  /** Makes an empty store. */
  prepare(store: string): Promise<void>
}

/** Options of {@link runHistory}. */
export interface RunOptions {
  readonly engine: Engine
  /** The name of a store that is not there yet. */
  readonly store: string
  /** Decides what clients do and which faults there are; not when threads and disks are done. */
  readonly seed: number
  readonly seconds: number
}

/** What a run found. */
export interface Findings {
  readonly problems: readonly string[]
  readonly summary: string
}

const REPLICAS = 3
const CLIENTS = 6
const KEYS = 4
/** So that no key has too many operations to check. */
const KEY_MS = 2000

/** Lets clients of three replicas work on a few keys while there are faults, and checks what they saw. */
export async function runHistory({ engine, store, seed, seconds }: RunOptions): Promise<Findings> {
  const random = seededRandom(String(seed))
  await engine.prepare(store)
  const replicas = await Promise.all(
    Array.from({ length: engine.ports.length === 0 ? 1 : REPLICAS }, (_, index) =>
      placed(engine, store, index),
    ),
  )
  const record = recorder()
  const ending = new AbortController()
  const keys = (): { readonly prefix: string; readonly all: readonly string[] } => {
    const prefix = `/${Math.floor(performance.now() / KEY_MS)}/`
    return { prefix, all: Array.from({ length: KEYS }, (_, index) => `${prefix}${index}`) }
  }
  try {
    const clients = replicas.flatMap(({ replica }) =>
      Array.from({ length: CLIENTS / replicas.length }, (_, index) =>
        runClient({
          name: `${replica.name}c${index}`,
          replica,
          random: random.fork(`${replica.name}c${index}`),
          record,
          signal: ending.signal,
          keys,
        }),
      ),
    )
    const faults = injectFaults({ engine, replicas, random, signal: ending.signal })
    await pause(seconds * 1000)
    ending.abort()
    const counts = await faults
    await Promise.all(clients)
    const last = await finish(replicas, record)
    const watches = replicas.map(({ replica }) => replica.changes.filter(({ revision }) => revision <= last))
    const started = performance.now()
    const problems = [
      ...replicas.flatMap(({ replica }) => replica.failures),
      ...checkHistory({ operations: record.operations, lists: record.lists, watches }),
    ]
    const checkedMs = performance.now() - started
    const facts = {
      engine: engine.name,
      seed,
      ...countsOf(record),
      changes: watches[0]?.length,
      ...Object.fromEntries(counts),
      checkedMs: Math.round(checkedMs),
      problems: problems.length,
    }
    return { problems, summary: JSON.stringify(facts) }
  } finally {
    for (const { replica, network } of replicas) {
      await replica.kill()
      network?.close()
    }
  }
}

async function placed(engine: Engine, store: string, index: number): Promise<Placed> {
  const { name, ports } = engine
  const port = ports[index % ports.length]
  const network = port === undefined ? undefined : await openNetwork(port)
  const place = { engine: name, url: engine.urlAt(network?.port ?? 0), store }
  return { network, replica: await startReplica(`r${index}`, place) }
}

/** Lets every replica write and list once more, and waits until every watch has told the last change. Returns its revision. */
async function finish(replicas: readonly Placed[], record: Recorder): Promise<number> {
  let last = 0
  for (const round of ['before', 'after']) {
    for (const { replica } of replicas) {
      last = Math.max(last, await written(replica, record, round))
      if (round === 'before') await listAll(replica, record, '/')
    }
  }
  for (const { replica } of replicas) {
    await vi.waitUntil(() => (replica.changes.at(-1)?.revision ?? 0) >= last)
  }
  return last
}

/** The revision of a new object, which is written as soon as the engine can be reached. */
async function written(replica: Placed['replica'], record: Recorder, round: string): Promise<number> {
  let tries = 0
  return vi.waitUntil(async () => {
    const key = `/${round}/${replica.name}/${tries++}`
    const outcome = await ask(replica, record, { type: 'create', key, value: key })
    return outcome.type === 'ok' && outcome.revision
  })
}

function countsOf({ operations, lists, failures }: Recorder): Readonly<Record<string, number>> {
  const counts: Record<string, number> = { lists: lists.length }
  for (const { asked, outcome } of operations) {
    const name = outcome.type === 'refused' ? outcome.code : `${asked.type} ${outcome.type}`
    counts[name] = (counts[name] ?? 0) + 1
  }
  return { ...counts, ...Object.fromEntries(failures) }
}
