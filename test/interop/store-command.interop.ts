import { execFile } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { folderOf, run, type Run } from '../../packages/server/test/command.ts'
import { startServeProcess } from '../../packages/server/test/served.ts'
import { etcdObjectStore } from '../../packages/store/src/etcd/etcd-store.ts'
import type { ObjectStore } from '../../packages/store/src/object-store.ts'
import { postgresObjectStore } from '../../packages/store/src/postgres/postgres-object-store.ts'
import { sqliteObjectStore } from '../../packages/store/src/sqlite/sqlite-object-store.ts'
import { PATIENCE_MS } from '../patience.ts'
import { COMPONENTS, has } from './components.ts'
import { type RunningEtcd, startEtcd } from './etcd.ts'
import { type RunningPostgres, startPostgres } from './postgres.ts'
import { makeScratch } from './scratch.ts'

const HOUR_MS = 3_600_000
const ODD = ['%', '*', '/', "'", '"', '\\', '\n', '\u0001', '\ue000', '\uffff', '\u{1f511}', '__proto__', 'é']
const LARGE = `${'\u0001é"\\'.repeat(209_715)}x`

/** The objects that are moved, some of which were changed, deleted and made again before. */
async function fill(store: ObjectStore): Promise<void> {
  for (const [index, part] of ODD.entries()) {
    await store.create(
      `/odd/${part}`,
      `${part}${index}`,
      index % 2 === 0 ? {} : { ttlMs: HOUR_MS * (index + 1) },
    )
  }
  // More than a page of 1,000.
  await Promise.all(
    Array.from({ length: 1100 }, (_, index) => store.create(`/many/${index}`, `{"n":${index}}`)),
  )
  // More than a page of 4 MiB.
  for (let index = 0; index < 6; index++) await store.create(`/large/${index}`, LARGE)
  const { revision } = await store.create('/changed', 'old')
  await store.update('/changed', 'new', revision, { ttlMs: HOUR_MS })
  await store.create('/again', 'old')
  await store.delete('/again')
  await store.create('/again', '')
  await store.create('/gone', 'x')
  await store.delete('/gone')
}

/** The lines of an export without the first and the last. */
const objectsIn = (text: string): readonly string[] => text.split('\n').slice(1, -2)

/** The same without the times of expiry, and these times. */
function partsOf(lines: readonly string[]): {
  readonly contents: readonly string[]
  readonly ends: readonly number[]
} {
  const ends: number[] = []
  const contents = lines.map((line) =>
    line.replace(/,"expiresAtMs":(\d+)\}$/, (_, end: string) => {
      ends.push(Number(end))
      return '}'
    }),
  )
  return { contents, ends }
}

describe.runIf(has('postgres', 'etcd', 'setpriv', 'kubectl'))('kube-authn store, with real engines', () => {
  const scratch = makeScratch()
  let postgres: RunningPostgres
  let etcd: RunningEtcd
  let count = 0
  beforeAll(async () => {
    postgres = await startPostgres(scratch)
    etcd = await startEtcd(scratch, 'etcd')
  })
  afterAll(async () => {
    await postgres.close()
    await etcd.close()
    scratch.remove()
  })

  /** Another database, as `--store` names it. */
  const database = async (): Promise<string> => {
    const name = `moved_${count++}`
    await sql(postgres.url, `CREATE DATABASE ${name}`)
    return postgres.url.replace(/\/postgres$/, `/${name}`)
  }
  const sql = async (url: string, statement: string): Promise<void> => {
    const { Client } = await import('pg')
    const client = new Client({ connectionString: url })
    await client.connect()
    await client.query(statement)
    await client.end()
  }
  const etcdAt = (): string => `etcd+http://127.0.0.1:${etcd.port}/moved/${count++}/`
  const sqliteFile = (): string => `sqlite:${join(folderOf(), 'store.db')}`

  const opened = async (store: string): Promise<ObjectStore> => {
    if (store.startsWith('sqlite:')) return sqliteObjectStore({ file: store.slice('sqlite:'.length) })
    if (store.startsWith('postgres:')) return postgresObjectStore({ connectionString: store })
    const prefix = store.slice(store.indexOf('/moved/'))
    return etcdObjectStore({ endpoints: [etcd.url], allowInsecureHttp: true, prefix })
  }
  const command = async (...args: readonly string[]): Promise<Run> => {
    const done = await run(['store', ...args])
    expect([args[0], done.stderr.replace(/^exported .*\n/, ''), done.exitCode]).toEqual([args[0], '', 0])
    return done
  }

  it('moves everything from SQLite to PostgreSQL, to etcd, and back, with nothing lost', async () => {
    const first = sqliteFile()
    const path = [await database(), etcdAt(), await database(), sqliteFile(), etcdAt(), sqliteFile()]
    const store = await opened(first)
    await fill(store)
    await store.close()
    const original = objectsIn((await command('export', '--store', first)).stdout)
    expect(original).toHaveLength(ODD.length + 1100 + 6 + 2)
    expect(partsOf(original).ends).toHaveLength(7)
    let from = first
    for (const to of path) {
      const file = join(folderOf(), 'export.ndjson')
      await command('export', '--store', from, file)
      expect((await command('import', '--store', to, file)).stdout).toMatch(
        new RegExp(`^imported ${original.length} objects of revision \\d+\\n$`),
      )
      const { contents, ends } = partsOf(objectsIn((await command('export', '--store', to)).stdout))
      expect(contents).toEqual(partsOf(original).contents)
      for (const [index, end] of partsOf(original).ends.entries()) {
        // Each write takes some time, and clocks are of whole seconds in etcd.
        expect(ends[index]).toBeGreaterThanOrEqual(end)
        expect(ends[index]).toBeLessThan(end + HOUR_MS / 4)
      }
      const checked: unknown = JSON.parse((await command('check', '--store', to, '-o', 'json')).stdout)
      expect(checked).toMatchObject({ isWhole: true, objects: original.length, overdue: 0, unreadable: 0 })
      const reopened = await opened(to)
      expect((await reopened.list('/odd/')).objects.map(({ key }) => key.slice(5)).toSorted()).toEqual(
        ODD.toSorted(),
      )
      await reopened.close()
      from = to
    }
    // Thousands of durable writes, six times.
  })

  it('exports one revision of a store that is written to all the time', async () => {
    for (const at of [await database(), etcdAt()]) {
      if (at.startsWith('postgres:')) await command('migrate', '--store', at)
      const store = await opened(at)
      for (let hundred = 10; hundred < 20; hundred++) {
        await Promise.all(
          Array.from({ length: 100 }, (_, index) => store.create(`/a/${100 * hundred + index}`, '0')),
        )
      }
      const ending = new AbortController()
      // Both objects of a pair have the same number, or the first one has one more.
      const { revision: first } = await store.create('/0/pair', '0')
      const { revision: last } = await store.create('/z/pair', '0')
      const done = { writes: 0 }
      const writing = (async () => {
        let [one, two] = [first, last]
        for (; !ending.signal.aborted; done.writes++) {
          one = (await store.update('/0/pair', String(done.writes), one)).revision
          two = (await store.update('/z/pair', String(done.writes), two)).revision
        }
      })()
      for (let round = 0; round < 3 || done.writes < 10; round++) {
        const lines = objectsIn((await command('export', '--store', at)).stdout)
        expect(lines).toHaveLength(1002)
        const [one = 0, two = 0] = [lines[0], lines.at(-1)].map((line) =>
          Number(/"value":"(\d+)"/.exec(line ?? '')?.[1]),
        )
        expect([two, two + 1]).toContain(one)
      }
      ending.abort()
      await writing
      await store.close()
    }
  })

  it('goes on with an import during which PostgreSQL was killed', async () => {
    const file = join(folderOf(), 'store.db')
    const store = await sqliteObjectStore({ file })
    await Promise.all(Array.from({ length: 8_000 }, (_, index) => store.create(`/${index}`, 'x'.repeat(500))))
    await store.close()
    const exported = join(folderOf(), 'export.ndjson')
    await command('export', '--store', `sqlite:${file}`, exported)
    const at = await database()
    await command('migrate', '--store', at)
    const importing = run(['store', 'import', '--store', at, exported])
    const watched = await postgresObjectStore({ connectionString: at })
    await vi.waitUntil(async () => (await watched.revision()) >= 500)
    await postgres.kill()
    const { stderr, exitCode } = await importing
    await postgres.start()
    await watched.close()
    expect(stderr).toMatch(
      /^error: the import has stopped after \d+ of 8000 objects: PostgreSQL cannot be used: .*; go on with --skip-existing\n$/,
    )
    expect(exitCode).toBe(2)
    const { stdout } = await command('import', '--store', at, '--skip-existing', exported)
    const [, added, existed] =
      /^imported (\d+) objects of revision 8000; (\d+) existed and stayed\n$/.exec(stdout) ?? []
    expect(Number(added) + Number(existed)).toBe(8_000)
    expect(Number(added)).toBeGreaterThan(0)
    expect(objectsIn((await command('export', '--store', at)).stdout)).toEqual(
      objectsIn(readFileSync(exported, 'utf8')),
    )
  })

  it('migrates PostgreSQL once, also if it is asked for several times at once', async () => {
    const at = await database()
    expect((await run(['store', 'check', '--store', at])).stderr).toContain(
      'kube-authn store migrate makes one',
    )
    expect((await command('migrate', '--store', at, '--dry-run')).stdout).toContain(
      'would be brought to schema version',
    )
    expect((await run(['store', 'export', '--store', at])).exitCode).toBe(2)
    await Promise.all([1, 2, 3, 4].map(() => command('migrate', '--store', at)))
    expect((await command('migrate', '--store', at)).stdout).toContain('nothing to do')
    expect((await command('check', '--store', at)).stdout).toMatch(
      /^objects +0\noverdue +0\nunreadable 0\nresult +whole\n/m,
    )
    await sql(at, 'INSERT INTO kube_authn.migration (version) VALUES (99)')
    expect((await run(['store', 'migrate', '--store', at])).stderr).toContain('a newer version of kube-authn')
  })

  it.each([
    ['UPDATE kube_authn.object SET revision = 9', '1 objects are newer than the revision of the store'],
    [
      'UPDATE kube_authn.object SET created = 2',
      '1 objects have a revision of creation that cannot be theirs',
    ],
    ['UPDATE kube_authn.store SET revision = 9', '8 changes are missing'],
    ['UPDATE kube_authn.store SET revision = 0', '1 changes are newer than the revision of the store'],
    [
      'UPDATE kube_authn.change SET created = 2',
      '1 changes have a revision of creation that cannot be theirs',
    ],
    ['DELETE FROM kube_authn.object', '1 objects are not as their last change says'],
    ["UPDATE kube_authn.change SET type = 'deleted'", '1 objects are not as their last change says'],
  ])('finds what is wrong in PostgreSQL after %s', async (statement, problem) => {
    const at = await database()
    await command('migrate', '--store', at)
    const store = await opened(at)
    await store.create('/a', '1')
    await store.close()
    await sql(at, statement)
    const { stdout, exitCode } = await run(['store', 'check', '--store', at])
    expect(stdout).toContain(`problem    ${problem}`)
    expect(exitCode).toBe(1)
  })

  it('makes no store in etcd, and finds a value that is of another program', async () => {
    const at = etcdAt()
    expect((await run(['store', 'check', '--store', at])).stderr).toBe(
      'error: etcd has no store below this prefix\n',
    )
    const store = await opened(at)
    await store.create('/a', '1', { ttlMs: 1 })
    await store.create('/b', '1')
    await store.close()
    const key = Buffer.from(`${at.slice(at.indexOf('/moved/'))}o//b`).toString('base64')
    const value = Buffer.from('hunter2').toString('base64')
    await fetch(`${etcd.url}/v3/kv/put`, { method: 'POST', body: JSON.stringify({ key, value }) })
    const { stdout, exitCode } = await run(['store', 'check', '--store', at])
    expect(stdout).toContain('  /b: the value was not written by kube-authn\n')
    expect(stdout).not.toContain('hunter2')
    expect(exitCode).toBe(1)
    const exported = await run(['store', 'export', '--store', at])
    expect(exported.stderr).toBe('error: /b cannot be exported: the value was not written by kube-authn\n')
  })

  it('lets a server go on, for which kubectl sees the same objects', async () => {
    const dataDir = join(folderOf(), 'data')
    const kubectl = (kubeconfig: string, ...args: readonly string[]): Promise<string> =>
      new Promise((resolve, reject) => {
        const env = { PATH: process.env['PATH'] ?? '', HOME: folderOf(), KUBECONFIG: kubeconfig }
        execFile(COMPONENTS.kubectl.command, args, { env, timeout: PATIENCE_MS }, (error, stdout) =>
          error ? reject(error) : resolve(stdout),
        )
      })
    const seen = async (kubeconfig: string): Promise<readonly string[]> => {
      const kinds = 'secrets,serviceaccounts,configmaps,namespaces,clusterroles,clusterrolebindings'
      const list = JSON.parse(await kubectl(kubeconfig, 'get', kinds, '-A', '-o', 'json')) as {
        readonly items: readonly { readonly metadata: object }[]
      }
      return list.items
        .map(({ metadata, ...object }) => ({ ...object, metadata: { ...metadata, resourceVersion: '' } }))
        .map((object) => JSON.stringify(object).replaceAll(/127\.0\.0\.1:\d+/g, '127.0.0.1'))
    }
    const first = await startServeProcess([`--data-dir=${dataDir}`])
    const kubeconfig = first.announcement['kubeconfig'] ?? ''
    const secret = join(folderOf(), 'secret')
    writeFileSync(secret, 'hunter2')
    await kubectl(kubeconfig, 'create', 'namespace', 'shop')
    await kubectl(kubeconfig, '-n', 'shop', 'create', 'secret', 'generic', 'db', `--from-file=${secret}`)
    await kubectl(kubeconfig, '-n', 'shop', 'create', 'serviceaccount', 'cart')
    const token = (await kubectl(kubeconfig, '-n', 'shop', 'create', 'token', 'cart')).trim()
    await first.stop()
    const exported = join(folderOf(), 'export.ndjson')
    await command('export', '--store', `sqlite:${join(dataDir, 'store.db')}`, exported)
    const again = await startServeProcess([`--data-dir=${dataDir}`])
    const before = await seen(again.announcement['kubeconfig'] ?? '')
    await again.stop()

    const at = await database()
    await command('import', '--store', at, exported)
    const second = await startServeProcess([`--data-dir=${dataDir}`, `--store=${at}`])
    const own = second.announcement['kubeconfig'] ?? ''
    expect(before.length).toBeGreaterThan(30)
    expect(await seen(own)).toEqual(before)
    // The service account has the same uid, and the server the same key.
    const reviewed = await second.as(token)('/apis/authentication.k8s.io/v1/selfsubjectreviews', {
      method: 'POST',
      body: { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' },
    })
    expect(reviewed.status).toBe(201)
    expect((await command('check', '--store', at)).stdout).toContain('result     whole')
  })
})
