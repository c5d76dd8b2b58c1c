import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, it, onTestFailed, onTestFinished, vi } from 'vitest'
import { COMMAND } from '../../packages/server/test/command.ts'
import { type Served, type ServeProcess, startServeProcess } from '../../packages/server/test/served.ts'
import { etcdObjectStore } from '../../packages/store/src/etcd/etcd-store.ts'
import type { ObjectStore, StoreChange } from '../../packages/store/src/object-store.ts'
import {
  migratePostgresStore,
  postgresObjectStore,
} from '../../packages/store/src/postgres/postgres-object-store.ts'
import { has } from './components.ts'
import { startEtcd } from './etcd.ts'
import { startPostgres } from './postgres.ts'
import { makeScratch, type Scratch } from './scratch.ts'

/** A database that replicas share. */
interface Engine {
  readonly name: string
  readonly isThere: boolean
  start(scratch: Scratch): Promise<{
    readonly url: string
    open(): Promise<ObjectStore>
    close(): Promise<void>
  }>
}

const ENGINES: readonly Engine[] = [
  {
    name: 'PostgreSQL',
    isThere: has('postgres', 'setpriv'),
    async start(scratch) {
      const { url, close } = await startPostgres(scratch)
      return {
        url,
        async open() {
          await migratePostgresStore({ connectionString: url })
          return postgresObjectStore({ connectionString: url })
        },
        close,
      }
    },
  },
  {
    name: 'etcd',
    isThere: has('etcd', 'setpriv'),
    async start(scratch) {
      const { url, close } = await startEtcd(scratch, 'etcd')
      return {
        url: url.replace('http:', 'etcd+http:'),
        open: () => etcdObjectStore({ endpoints: [url], allowInsecureHttp: true }),
        close,
      }
    },
  },
]

/** How many namespaces may be without a service account at a time: the leader always has work, and what is left for its successor does not depend on the machine. */
const MOST_WAITING = 100
const TIMES = [
  '--leader-elect-lease-duration=6s',
  '--leader-elect-renew-deadline=4s',
  '--leader-elect-retry-period=1s',
]
const LEASE = '/registry/coordination.k8s.io/leases/kube-system/kube-authn-controllers'
const AHEAD = pathToFileURL(join(COMMAND, '../../../test/clock-ahead.mjs'))

/** A replica, and who it is in the lease. */
interface Replica extends Served, ServeProcess {
  readonly identity: string
  /** The CA that its controllers write into every namespace. */
  readonly ca: string
}

describe.each(ENGINES.filter(({ isThere }) => isThere))('three replicas over one $name', ({ start }) => {
  const scratch = makeScratch()
  let engine: Awaited<ReturnType<Engine['start']>>

  beforeAll(async () => {
    engine = await start(scratch)
  })
  afterAll(async () => {
    await engine.close()
    scratch.remove()
  })

  const replica = async (env: Readonly<Record<string, string>> = {}): Promise<Replica> => {
    const served = await startServeProcess([`--store=${engine.url}`, ...TIMES], env)
    await vi.waitUntil(() => served.log().includes('standing by'))
    const [, identity = ''] =
      /standing by for the lease kube-authn-controllers as (\S+)/.exec(served.log()) ?? []
    return { ...served, identity, ca: readFileSync(join(served.dataDir, 'pki/ca.crt'), 'utf8') }
  }

  it('have one active controller through a kill, a stop and a clock that is ahead', async () => {
    const store = await engine.open()
    const { history, stop } = followed(store)
    onTestFinished(async () => {
      await stop()
      await store.close()
    })
    // They start at once in an empty database.
    const all = await Promise.all([replica({ NODE_OPTIONS: `--import=${AHEAD.href}` }), replica(), replica()])
    onTestFailed(() => console.log(all.map((each) => `${each.identity}\n${each.log()}`).join('\n')))
    const terms = (): readonly StoreChange[] =>
      history.filter(({ key, type }) => key === LEASE && type === 'created')
    const holder = (): string => holderIn(terms().at(-1))
    const leader = (): Replica => all.find(({ identity }) => identity === holder()) ?? unknownHolder()
    /** Those that answer nothing. */
    const away = new Set<Replica>()
    await vi.waitUntil(() => terms().length > 0)

    for (const each of all) {
      const lease = await each.admin('/apis/coordination.k8s.io/v1/namespaces/kube-system/leases')
      expect(await lease.json()).toMatchObject({
        items: [{ metadata: { name: 'kube-authn-controllers' }, spec: { holderIdentity: holder() } }],
      })
      const metrics = await (await each.admin('/metrics')).text()
      expect(metrics).toContain(
        `leader_election_master_status{name="kube-authn-controllers"} ${each === leader() ? 1 : 0}`,
      )
      expect(each.log()).not.toMatch(/ error /)
    }

    // Namespaces are made all the time: the controllers have two objects to write for each.
    const ending = new AbortController()
    const names: string[] = []
    const waiting = (): readonly string[] => {
      const written = new Set(history.map(({ key }) => key))
      return names.filter((name) => !written.has(serviceAccountOf(name)))
    }
    const requests = (async () => {
      while (!ending.signal.aborted) {
        await vi.waitUntil(() => ending.signal.aborted || waiting().length < MOST_WAITING, { interval: 50 })
        const name = `n${names.length}`
        const through = all.find((each) => !away.has(each) && each !== leader()) ?? leader()
        const made = await through
          .admin('/api/v1/namespaces', {
            method: 'POST',
            body: { kind: 'Namespace', apiVersion: 'v1', metadata: { name } },
          })
          .catch(() => undefined)
        if (made?.status === 201) names.push(name)
        else await delay(50)
      }
    })()
    const someAreMade = async (): Promise<void> => {
      const least = names.length + MOST_WAITING / 2
      await vi.waitUntil(() => names.length > least)
    }
    await someAreMade()

    const killed = leader()
    away.add(killed)
    await killed.stop('SIGKILL')
    await vi.waitUntil(() => holder() !== killed.identity)
    await someAreMade()

    const stopped = leader()
    away.add(stopped)
    stopped.child.kill('SIGSTOP')
    await vi.waitUntil(() => holder() !== stopped.identity)
    const successor = leader()
    await someAreMade()
    stopped.child.kill('SIGCONT')
    away.delete(stopped)
    await vi.waitUntil(() => stopped.log().includes('the lease kube-authn-controllers was lost'))
    await someAreMade()
    expect(leader()).toBe(successor)

    away.add(successor)
    const { exitCode } = await successor.stop('SIGTERM')
    expect(exitCode).toBe(0)
    await vi.waitUntil(() => holder() === stopped.identity)
    ending.abort()
    await requests

    onTestFailed(() => console.log('without a service account:', waiting().join(' ')))
    await vi.waitUntil(() => waiting().length === 0)
    const { objects } = await store.list('/registry/serviceaccounts/')
    expect(objects.map(({ key }) => key)).toEqual(expect.arrayContaining(names.map(serviceAccountOf)))
    const last = await store.revision()
    await vi.waitUntil(() => (history.at(-1)?.revision ?? 0) >= last)

    // Who wrote something of a controller had the lease then.
    const caOf = new Map(all.map(({ identity, ca }) => [identity, ca]))
    let current = ''
    const writes: string[] = []
    for (const change of history) {
      if (change.key === LEASE) current = change.type === 'deleted' ? '' : holderIn(change)
      if (!change.key.endsWith('/kube-root-ca.crt') || change.type === 'deleted') continue
      const { data } = JSON.parse(change.value) as { data: Record<string, string> }
      expect(`${change.revision} ${data['ca.crt']}`).toBe(`${change.revision} ${caOf.get(current)}`)
      writes.push(current)
    }
    expect(new Set(writes)).toEqual(new Set([killed.identity, stopped.identity, successor.identity]))
    // Nothing was done twice.
    const created = history
      .filter(({ type, key }) => type === 'created' && key.endsWith('/default'))
      .map(({ key }) => key)
    expect(new Set(created).size).toBe(created.length)
    expect(created.length).toBeGreaterThanOrEqual(names.length)
  })
})

/** All changes from now on. */
function followed(store: ObjectStore): { readonly history: StoreChange[]; stop(): Promise<void> } {
  const history: StoreChange[] = []
  const stopping = new AbortController()
  const following = (async () => {
    const options = { since: 0, signal: stopping.signal, maxWaiting: 100_000 }
    for await (const event of store.watch('/', options)) if (event.type !== 'progress') history.push(event)
  })()
  return {
    history,
    async stop() {
      stopping.abort()
      await following
    },
  }
}

function serviceAccountOf(namespace: string): string {
  return `/registry/serviceaccounts/${namespace}/default`
}

function holderIn(lease: StoreChange | undefined): string {
  const { spec } = JSON.parse(lease?.value ?? '{"spec":{}}') as { spec: { holderIdentity?: string } }
  return spec.holderIdentity ?? ''
}

function unknownHolder(): never {
  throw new Error('the lease has a holder that is none of the replicas')
}
