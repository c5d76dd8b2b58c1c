import { spawn, spawnSync } from 'node:child_process'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { fixedClock } from '../../../core/test/fakes.ts'
import type { ObjectStore, StoreEvent } from '../object-store.ts'
import { sqliteDriver } from './driver.ts'
import { sqliteObjectStore } from './sqlite-object-store.ts'

const folder = mkdtempSync(join(tmpdir(), 'kube-authn-faults-'))
let unmount: (() => void) | undefined
afterAll(() => {
  unmount?.()
  rmSync(folder, { recursive: true })
})
let count = 0
let file: string
beforeEach(() => {
  file = join(folder, `${count++}.db`)
})

/** They use the built package, in another process. */
function scriptOf(name: string): string {
  return fileURLToPath(new URL(`../../test/${name}`, import.meta.url))
}

async function changesOf(store: ObjectStore, number: number): Promise<readonly StoreEvent[]> {
  const events: StoreEvent[] = []
  for await (const event of store.watch('', { since: 0 })) {
    events.push(event)
    if (events.length === number) break
  }
  return events
}

interface Acknowledged {
  readonly key: string
  readonly revision: number
}

/** Writes objects in another process, and kills it when so many were acknowledged. */
async function writeAndKill(first: number, acknowledgements: number): Promise<readonly Acknowledged[]> {
  const child = spawn(process.execPath, [scriptOf('store-writer.mjs'), file, String(first), '1000'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const acknowledged: Acknowledged[] = []
  const ended = new Promise((resolve) => child.on('exit', (_, signal) => resolve(signal)))
  for await (const line of createInterface({ input: child.stdout })) {
    acknowledged.push(JSON.parse(line) as Acknowledged)
    if (acknowledged.length === acknowledgements) child.kill('SIGKILL')
  }
  expect(await ended).toBe('SIGKILL')
  return acknowledged
}

describe('kill -9 of the process that writes', () => {
  it('loses nothing that was acknowledged, and nothing is there twice: 1,000 writes', async () => {
    const acknowledged: Acknowledged[] = []
    for (let round = 0; acknowledged.length < 1000; round++) {
      acknowledged.push(...(await writeAndKill(round * 1000, [3, 250, 111, 401][round % 4] ?? 1)))
      const store = await sqliteObjectStore({ file })
      const { objects, revision } = await store.list('')
      const present = new Map(objects.map((object) => [object.key, object]))
      for (const { key, revision: at } of acknowledged) {
        expect(present.get(key)).toMatchObject({ revision: at, createdRevision: at })
      }
      // What was not acknowledged may be there, as a whole.
      for (const { key, value } of objects) {
        expect(JSON.parse(value)).toEqual({ index: Number(key.split('/').at(-1)), text: 'x'.repeat(500) })
      }
      const changes = await changesOf(store, objects.length)
      expect(new Set(changes.map((change) => change.type))).toEqual(new Set(['created']))
      expect(new Set(changes.map((change) => change.revision)).size).toBe(objects.length)
      expect(revision).toBe(objects.length)
      await store.close()
    }
  })
})

describe('another process', () => {
  it('does not get a store that is open, and gets it when that process is gone', async () => {
    const store = await sqliteObjectStore({ file })
    await store.create('/a', '1')
    const script = scriptOf('store-writer.mjs')
    const other = (): ReturnType<typeof spawnSync> => spawnSync(process.execPath, [script, file, '0', '1'])
    const refused = other()
    expect(refused.status).toBe(1)
    expect(String(refused.stderr)).toContain(`another process has the store ${file} open`)
    await expect(sqliteObjectStore({ file })).rejects.toMatchObject({ code: 'storeUnavailable' })
    await store.create('/b', '1')
    await store.close()
    expect(other().status).toBe(0)
    const again = await sqliteObjectStore({ file })
    expect((await again.list('')).objects.map(({ key }) => key)).toEqual([
      '/a',
      '/b',
      '/registry/secrets/ns/0',
    ])
    await again.close()
  })
})

describe('a file', () => {
  const fill = async (objects = 200): Promise<void> => {
    const store = await sqliteObjectStore({ file })
    const keys = Array.from({ length: objects }, (_, index) => `/registry/secrets/${index}`)
    await Promise.all(keys.map((key) => store.create(key, JSON.stringify({ key, text: 'y'.repeat(300) }))))
    await store.close()
  }
  const problem = async (): Promise<unknown> =>
    sqliteObjectStore({ file }).then(
      async (store) => store.close(),
      (thrown: unknown) => thrown,
    )

  it('is made for its owner only, with nothing beside it when the store is closed', async () => {
    const store = await sqliteObjectStore({ file })
    await store.create('/a', '1')
    const names = (): readonly string[] =>
      readdirSync(folder).filter((name) => join(folder, name).startsWith(file))
    expect(names().map((name) => statSync(join(folder, name)).mode & 0o777)).toEqual(names().map(() => 0o600))
    await store.close()
    expect(names().map((name) => join(folder, name))).toEqual([file])
  })

  it.each<[string, () => void, string]>([
    ['is empty', () => writeFileSync(file, ''), 'since it is empty'],
    ['is text', () => writeFileSync(file, 'tokens.csv\n'.repeat(1000)), 'since it is damaged'],
    ['is cut', () => truncateSync(file, statSync(file).size >> 1), 'since it is damaged'],
    ['lost its first page', () => overwrite(0, Buffer.alloc(4096)), 'since it is damaged'],
    ['has a damaged page', () => overwrite(4096 * 5, Buffer.alloc(4096, 0xa5)), 'since it is damaged'],
  ])('that %s is refused with a sentence, and is left as it is', async (_, damage, words) => {
    await fill()
    damage()
    const before = readFileSync(file)
    const error = await problem()
    expect(error).toMatchObject({ code: 'storeCorrupted' })
    expect(String(error)).toContain(words)
    expect(String(error)).toContain(file)
    expect(readFileSync(file)).toEqual(before)
  })

  function overwrite(position: number, bytes: Uint8Array): void {
    const content = readFileSync(file)
    content.set(bytes, position)
    writeFileSync(file, content)
  }

  it('of another program is refused', async () => {
    const open = await sqliteDriver()
    const database = open(file)
    database.exec('CREATE TABLE change (revision INTEGER)')
    database.close()
    expect(String(await problem())).toMatch(
      /since another program made it\. Leave it as it is, and name another file$/,
    )
  })

  it('of a later version is refused', async () => {
    await fill(1)
    const open = await sqliteDriver()
    const database = open(file)
    database.exec('PRAGMA user_version = 2')
    database.close()
    const error = await problem()
    expect(error).toMatchObject({ code: 'storeUnavailable' })
    expect(String(error)).toMatch(
      /a newer version of kube-authn made the store .*\.db: use that version, or a later one$/,
    )
  })

  it('of no version is refused', async () => {
    await fill(1)
    const open = await sqliteDriver()
    const database = open(file)
    database.exec('PRAGMA user_version = 0')
    database.close()
    const error = await problem()
    expect(error).toMatchObject({ code: 'storeCorrupted' })
    expect(String(error)).toContain('Leave it as it is')
  })

  it('in which the disk changed a value is not believed', async () => {
    await fill(3)
    const content = readFileSync(file)
    const at = content.indexOf('yyyy')
    overwrite(at, Buffer.from('z'))
    const store = await sqliteObjectStore({ file })
    await expect(store.list('')).rejects.toMatchObject({ code: 'storeCorrupted' })
    await store.close()
  })

  it.each([
    ['a folder', () => mkdirSync(file), 'is not a regular file'],
    ['in a missing folder', () => void (file = join(folder, 'missing', 'x.db')), 'cannot be used'],
  ])('that is %s is refused', async (_, make, words) => {
    make()
    const error = await problem()
    expect(error).toMatchObject({ code: 'storeUnavailable' })
    expect(String(error)).toContain(words)
  })

  it.each([':memory:', 'file:x.db?mode=memory', "it's %41.db"])('may have the name %s', async (name) => {
    file = join(folder, `names-${count}`, name)
    mkdirSync(join(folder, `names-${count}`))
    await fill(1)
    expect(existsSync(file)).toBe(true)
    expect(await problem()).toBeUndefined()
  })
})

describe('a full disk', () => {
  /** A small file system of its own, which only root can have. */
  const place = join(folder, 'small')
  mkdirSync(place)
  const isMounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', place]).status === 0
  if (!isMounted) console.log('a full disk is not tested: no small file system can be mounted here')
  unmount = () => {
    if (isMounted) spawnSync('umount', ['--lazy', place])
  }

  it.runIf(isMounted)('is an error that leaves the store whole', async () => {
    file = join(place, 'store.db')
    const { stdout, stderr } = spawnSync(process.execPath, [scriptOf('store-filler.mjs'), file], {
      encoding: 'utf8',
    })
    expect(stderr).not.toContain('Error')
    const { written, failures, before, after, revision } = JSON.parse(stdout) as Filled
    expect(written.length).toBeGreaterThan(5)
    for (const { code, message } of failures) {
      expect(code).toBe('storeUnavailable')
      expect(message).toMatch(/cannot be used: (?:the disk is full|disk I\/O error)/)
    }
    const sorted = written.toSorted()
    expect(before).toEqual([...sorted, '/soon'])
    // What has expired is not shown, although its deletion cannot be written.
    expect(after).toEqual(sorted)
    expect(revision).toBe(written.length + 1)

    // Where there is space it works again.
    const moved = join(folder, 'moved.db')
    for (const end of ['', '-wal'].filter((each) => existsSync(file + each))) {
      copyFileSync(file + end, moved + end)
    }
    const store = await sqliteObjectStore({ file: moved, clock: fixedClock(1_000_000) })
    expect((await store.list('')).objects.map(({ key }) => key)).toEqual(before)
    await store.create('/zzz', '1')
    expect((await store.list('')).objects).toHaveLength(before.length + 1)
    await store.close()
  })
})

describe('a file that cannot grow', () => {
  // A limit for files needs no right to mount anything, and is an error of another kind than a full disk.
  const LIMIT_KIB = 2048

  it.skipIf(process.platform === 'win32')('is an error that leaves the store whole', async () => {
    const command = `ulimit -f ${LIMIT_KIB * 2} && exec "$0" "$@"`
    const args = ['-c', command, process.execPath, scriptOf('store-filler.mjs'), file]
    const { stdout, stderr } = spawnSync('sh', args, { encoding: 'utf8' })
    expect(stderr).not.toContain('Error')
    const { written, failures, before, after } = JSON.parse(stdout) as Filled
    expect(written.length).toBeGreaterThan(5)
    const refused = failures.map(() => ({ code: 'storeUnavailable', outcome: 'notWritten' }))
    expect(failures).toMatchObject(refused)
    expect(before).toEqual([...written.toSorted(), '/soon'])
    expect(after).toEqual(written.toSorted())
    const store = await sqliteObjectStore({ file })
    expect((await store.list('')).objects.map(({ key }) => key)).toEqual(after)
    await store.create('/zzz', '1')
    await store.close()
  })
})

describe('a clock that is set back and forward by a day, in a process', () => {
  it('neither shortens nor prolongs a life, and revisions go on', () => {
    // A life that is a day too long is a process that hangs.
    const options = { encoding: 'utf8', timeout: 200_000 } as const
    const { stdout, stderr } = spawnSync(process.execPath, [scriptOf('store-clock.mjs'), file], options)
    expect(stderr).not.toContain('Error')
    const { seen, keys, revision } = JSON.parse(stdout) as ClockSeen
    // A creation and a deletion each.
    expect(seen.map((each) => each.revision)).toEqual([1, 3, 5, 7])
    expect(seen.map(({ isEarly, lived }) => [isEarly, lived])).toEqual(seen.map(() => [false, true]))
    expect(keys).toEqual(['/last'])
    expect(revision).toBe(9)
  })

  it('counts when the store is opened again: what has expired by it then is gone', async () => {
    const clock = fixedClock(10 * DAY_MS)
    const store = await sqliteObjectStore({ file, clock })
    await store.create('/hour', '1', { ttlMs: 3_600_000 })
    const week = await store.create('/week', '1', { ttlMs: 7 * DAY_MS })
    await store.close()
    const back = await sqliteObjectStore({ file, clock: fixedClock(9 * DAY_MS) })
    expect((await back.list('')).objects.map(({ key }) => key)).toEqual(['/hour', '/week'])
    expect((await back.create('/back', '1')).revision).toBe(week.revision + 1)
    await back.close()
    const forward = await sqliteObjectStore({ file, clock: fixedClock(11 * DAY_MS) })
    expect((await forward.list('')).objects.map(({ key }) => key)).toEqual(['/back', '/week'])
    await forward.close()
  })
})

const DAY_MS = 86_400_000

/** What `store-clock.mjs` prints. */
interface ClockSeen {
  readonly seen: readonly {
    readonly revision: number
    readonly isEarly: boolean
    readonly lived: boolean
  }[]
  readonly keys: readonly string[]
  readonly revision: number
}

/** What `store-filler.mjs` prints. */
interface Filled {
  readonly written: readonly string[]
  readonly failures: readonly { readonly code: string; readonly message: string }[]
  readonly before: readonly string[]
  readonly after: readonly string[]
  readonly revision: number
}
