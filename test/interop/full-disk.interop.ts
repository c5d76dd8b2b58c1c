import type { ObjectStore } from '@kube-authn/store'
import { etcdObjectStore } from '@kube-authn/store/etcd'
import { migratePostgresStore, postgresObjectStore } from '@kube-authn/store/postgres'
import { afterAll, afterEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { folderOf } from '../../packages/server/test/command.ts'
import { startServeProcess } from '../../packages/server/test/served.ts'
import { PATIENCE_MS } from '../patience.ts'
import { has } from './components.ts'
import { type EtcdOptions, type RunningEtcd, startEtcd, unprivileged } from './etcd.ts'
import { postgresIds, startPostgres } from './postgres.ts'
import { makeScratch } from './scratch.ts'
import { mountSmallDisk, type SmallDisk } from './small-disk.ts'
import { expectHistory, startWatching, startWriting } from './write-load.ts'

const scratch = makeScratch()
const stores: ObjectStore[] = []
afterEach(async () => {
  for (const store of stores.splice(0)) await store.close()
})
afterAll(() => scratch.remove())

/** Unmounted after the test. */
function smallDisk(
  name: string,
  megabytes: number,
  owner: ReturnType<typeof postgresIds>,
): SmallDisk | undefined {
  const disk = mountSmallDisk(scratch.path(name), megabytes, owner)
  if (disk !== undefined) onTestFinished(() => disk.unmount())
  return disk
}

describe.runIf(has('postgres', 'setpriv'))('a full disk under PostgreSQL', () => {
  const open = async (connectionString: string): Promise<ObjectStore> => {
    const store = await postgresObjectStore({ connectionString, timeoutSeconds: 60 })
    stores.push(store)
    return store
  }

  it('is an error of writes, while reads go on, and is over when there is space', async ({ skip }) => {
    const disk = smallDisk('data', 128, postgresIds())
    const log = smallDisk('log-of-data', 128, postgresIds())
    if (disk === undefined || log === undefined) return skip()
    const server = await startPostgres(scratch, { name: 'one', data: disk.folder, log: log.folder })
    onTestFinished(() => server.close())
    await migratePostgresStore({ connectionString: server.url })
    const [writing, watching] = [await open(server.url), await open(server.url)]
    const told = startWatching(watching)
    const load = startWriting([writing])
    await load.progress(100)
    disk.fill()
    await load.refusals(20)
    expect(new Set([...load.refused.values()].map(({ message }) => message))).toEqual(
      new Set(['PostgreSQL cannot be used: the disk is full (53100)']),
    )
    expect((await watching.list('/')).objects.length).toBeGreaterThanOrEqual(load.acknowledged.size)
    expect(await writing.get('/0/0/0')).toMatchObject({ key: '/0/0/0' })
    disk.free()
    await load.progress(100)
    await load.stop()
    await expectHistory(watching, load, told)
    await told.stop()
  })

  it('of its log stops it, loses nothing, and is over when there is space and it runs again', async ({
    skip,
  }) => {
    const log = smallDisk('log', 128, postgresIds())
    const data = smallDisk('data-of-log', 256, postgresIds())
    if (log === undefined || data === undefined) return skip()
    const server = await startPostgres(scratch, { name: 'two', data: data.folder, log: log.folder })
    onTestFinished(() => server.close())
    await migratePostgresStore({ connectionString: server.url })
    const [writing, watching] = [await open(server.url), await open(server.url)]
    const told = startWatching(watching)
    const load = startWriting([writing], { value: 'x'.repeat(20_000) })
    await load.progress(50)
    log.fill()
    await load.refusals(20)
    log.free()
    await server.kill()
    await server.start()
    await load.progress(50)
    await load.stop()
    await expectHistory(watching, load, told)
    await told.stop()
  })
})

describe('the readiness of kube-authn serve', () => {
  /** Fills the disk of a store, and frees it again. */
  const expectUnready = async (store: string, disk: SmallDisk): Promise<void> => {
    const { admin } = await startServeProcess([`--store=${store}`, `--data-dir=${folderOf()}/data`])
    const create = (index: number, length: number): Promise<Response> => {
      const data = { text: 'x'.repeat(length) }
      const body = { kind: 'ConfigMap', apiVersion: 'v1', metadata: { name: `m${index}` }, data }
      return admin('/api/v1/namespaces/default/configmaps', { method: 'POST', body })
    }
    const status = async (path: string): Promise<number> => (await admin(path)).status
    expect(await status('/readyz')).toBe(200)
    disk.fill()
    // A page that is there already may have room for a small object.
    let length = 100_000
    for (let index = 0; (await status('/readyz')) === 200; index++) {
      const response = await create(index, length)
      if (response.status === 201) continue
      expect(response.status).toBe(503)
      const message = 'the store is not available, and the change was not written'
      expect(await response.json()).toMatchObject({ message })
      length >>= 1
    }
    const unready = await admin('/readyz')
    expect(unready.status).toBe(500)
    const text = await unready.text()
    expect(text.split('\n').filter((line) => line.startsWith('[-]'))).toEqual([
      '[-]writes failed: reason withheld',
    ])
    expect([await status('/livez'), await status('/readyz?exclude=writes')]).toEqual([200, 200])
    expect(await status('/api/v1/namespaces/default')).toBe(200)
    disk.free()
    await vi.waitFor(async () => expect(await status('/readyz')).toBe(200), PATIENCE_MS)
  }

  it('ends while the disk of SQLite is full', async ({ skip }) => {
    const disk = smallDisk('sqlite', 16, { uid: 0, gid: 0 })
    if (disk === undefined) return skip()
    await expectUnready(`sqlite:${disk.folder}/store.db`, disk)
  })

  it.runIf(has('postgres', 'setpriv'))('ends while the disk of PostgreSQL is full', async ({ skip }) => {
    const disk = smallDisk('served-data', 128, postgresIds())
    const log = smallDisk('log-of-served', 128, postgresIds())
    if (disk === undefined || log === undefined) return skip()
    const server = await startPostgres(scratch, { name: 'served', data: disk.folder, log: log.folder })
    onTestFinished(() => server.close())
    await expectUnready(server.url, disk)
  })
})

describe.runIf(has('etcd', 'setpriv'))('a full disk under etcd', () => {
  const start = async (name: string, options: EtcdOptions): Promise<RunningEtcd> => {
    const etcd = await startEtcd(scratch, name, options)
    onTestFinished(() => etcd.close())
    return etcd
  }
  const open = async ({ url }: RunningEtcd): Promise<ObjectStore> => {
    const store = await etcdObjectStore({ endpoints: [url], allowInsecureHttp: true, timeoutSeconds: 60 })
    stores.push(store)
    return store
  }

  it('stops it, loses nothing, and is over when there is space and it runs again', async ({ skip }) => {
    const disk = smallDisk('etcd-data', 256, unprivileged())
    if (disk === undefined) return skip()
    const etcd = await start('small', { data: `${disk.folder}/data` })
    const [writing, watching] = [await open(etcd), await open(etcd)]
    const told = startWatching(watching)
    const load = startWriting([writing], { value: 'x'.repeat(20_000) })
    await load.progress(50)
    disk.fill()
    await load.refusals(4)
    disk.free()
    await etcd.kill()
    await etcd.start()
    await load.progress(50)
    await load.stop()
    await expectHistory(watching, load, told)
    await told.stop()
  })

  it('that has reached its quota refuses writes and does none of them, while reads go on, until it is told that there is space', async () => {
    const etcd = await start('quota', { flags: [`--quota-backend-bytes=${24 * 2 ** 20}`] })
    const maintain = async (path: string, body: object): Promise<Answer> => {
      const response = await fetch(`${etcd.url}/v3/${path}`, { method: 'POST', body: JSON.stringify(body) })
      expect(response.status).toBe(200)
      return (await response.json()) as Answer
    }
    const store = await open(etcd)
    const keys = Array.from({ length: 32 }, (_, index) => `/${index}`)
    const known = new Map<string, { readonly value: string; readonly revision: number }>()
    const filler = 'x'.repeat(50_000)
    /** Updates an object until that is refused. */
    const update = async (key: string): Promise<unknown> => {
      let last = await store.create(key, `0 ${filler}`)
      for (let index = 1; ; index++) {
        known.set(key, last)
        const value = `${index} ${filler}`
        try {
          last = await store.update(key, value, last.revision)
        } catch (thrown) {
          return thrown
        }
      }
    }
    const refusals = await Promise.all(keys.map(update))
    for (const refusal of refusals) {
      expect(refusal).toMatchObject({ code: 'storeUnavailable' })
      expect(String(refusal)).toContain('it was not written: etcdserver: mvcc: database space exceeded')
    }
    for (const key of keys) {
      const { value, revision } = (await store.get(key))!
      expect({ revision, begins: value.slice(0, 20) }).toEqual({
        revision: known.get(key)?.revision,
        begins: known.get(key)?.value.slice(0, 20),
      })
    }
    expect((await store.list('/')).objects).toHaveLength(keys.length)

    const { header } = await maintain('kv/range', { key: 'AA==' })
    await maintain('kv/compaction', { revision: header.revision, physical: true })
    await maintain('maintenance/defragment', {})
    const { alarms = [] } = await maintain('maintenance/alarm', { action: 'GET' })
    for (const alarm of alarms) await maintain('maintenance/alarm', { action: 'DEACTIVATE', ...alarm })
    const { revision } = known.get('/0')!
    expect((await store.update('/0', 'y', revision)).revision).toBeGreaterThan(revision)
  })
})

/** Of etcd. */
interface Answer {
  readonly header: { readonly revision: string }
  readonly alarms?: readonly object[]
}
