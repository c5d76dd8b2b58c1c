import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { fixedClock } from '../../../../core/test/fakes.ts'
import {
  chunksOf,
  exportOf,
  exportOfSnapshot,
  snapshotOf,
  snapshotOfStore,
} from '../../../test/store-exports.ts'
import { memoryObjectStore, type ObjectStore, StoreError } from '@kube-authn/store'
import { readSqliteStore } from '@kube-authn/store/internal/node'
import { sqliteObjectStore } from '@kube-authn/store/sqlite'
import { readExport } from './file/read-export.ts'
import { type ImportCounts, type OnExisting, writeObjects } from './import.ts'

const folder = mkdtempSync(join(tmpdir(), 'kube-authn-round-trip-'))
afterAll(() => rmSync(folder, { recursive: true }))
let count = 0
const newFile = (): string => join(folder, `${count++}.db`)
const clock = fixedClock(1_000_000)

async function importInto(
  store: ObjectStore,
  text: string,
  onExisting: OnExisting = 'refuse',
): Promise<ImportCounts> {
  const { objects } = await readExport('x', chunksOf(text))
  const counts = { written: 0, expired: 0, existing: 0 }
  await writeObjects(store, objects, onExisting, clock, counts)
  return counts
}

/** What an import keeps of a store. */
async function contentOf(store: ObjectStore): Promise<readonly object[]> {
  const { objects } = await store.list('')
  return objects.map(({ key, value, expiresAtMs }) => ({ key, value, expiresAtMs }))
}

const ODD = [
  '%',
  '*',
  '/',
  '//',
  '_',
  "'",
  '"',
  '\\',
  '\n',
  '\u0001',
  '\u007f',
  '\ue000',
  '\uffff',
  '\u{1f511}',
  '__proto__',
  'é',
  'e\u0301',
  ' ',
]
const key = fc.oneof(
  fc.array(fc.constantFrom(...ODD), { minLength: 1, maxLength: 5 }).map((parts) => parts.join('')),
  fc
    .string({ unit: 'binary', minLength: 1, maxLength: 30 })
    .filter((each) => each.isWellFormed() && !each.includes('\0')),
)
const value = fc
  .string({ unit: 'binary', maxLength: 50 })
  .filter((each) => each.isWellFormed() && !each.includes('\0'))
const contents = fc.dictionary(
  key,
  fc.record({ value, ttlMs: fc.option(fc.integer({ min: 1, max: 1e12 }), { nil: undefined }) }),
  {
    maxKeys: 150,
    noNullPrototype: false,
  },
)

describe('from one store to another, and on to a third', () => {
  it('all objects are the same, with odd keys and their expiry', () =>
    fc.assert(
      fc.asyncProperty(contents, async (given) => {
        const first = memoryObjectStore({ clock })
        for (const [name, { value: text, ttlMs }] of Object.entries(given)) {
          await first.create(name, text, ttlMs === undefined ? {} : { ttlMs })
        }
        const exported = await exportOfSnapshot(await snapshotOfStore(first))
        const file = newFile()
        const second = await sqliteObjectStore({ file, clock })
        await importInto(second, exported)
        expect(await contentOf(second)).toEqual(await contentOf(first))
        await second.close()
        const again = await readSqliteStore(file, (snapshot) => exportOfSnapshot(snapshot))
        const third = memoryObjectStore({ clock })
        await importInto(third, again)
        expect(await contentOf(third)).toEqual(await contentOf(first))
        // Only the revision in the first line may differ.
        expect(again.split('\n').slice(1, -2)).toEqual(exported.split('\n').slice(1, -2))
      }),
      { numRuns: 20 },
    ))

  it('values of 1 MiB are the same, and those of an object that was updated and of one that was deleted', async () => {
    const file = newFile()
    const first = await sqliteObjectStore({ file, clock })
    const large = `${'\u0001é"\\'.repeat(209_715)}x`
    expect(Buffer.byteLength(large)).toBe(1_048_576)
    for (let index = 0; index < 12; index++) await first.create(`/${index}`, large)
    const { revision } = await first.create('/updated', 'old')
    await first.update('/updated', 'new', revision, { ttlMs: 5000 })
    await first.create('/deleted', 'x')
    await first.delete('/deleted')
    const expected = await contentOf(first)
    await first.close()
    const second = memoryObjectStore({ clock })
    const exported = await readSqliteStore(file, (snapshot) => exportOfSnapshot(snapshot))
    expect(await importInto(second, exported)).toEqual({ written: 13, expired: 0, existing: 0 })
    expect(await contentOf(second)).toEqual(expected)
  })

  it('only a prefix is exported if one is named', async () => {
    const store = memoryObjectStore({ clock })
    for (const name of ['/a', '/b/1', '/b/2', '/b', '/c']) await store.create(name, name)
    const exported = await exportOfSnapshot(await snapshotOfStore(store), '/b/')
    const other = memoryObjectStore({ clock })
    await importInto(other, exported)
    expect((await other.list('')).objects.map((each) => each.key)).toEqual(['/b/1', '/b/2'])
  })
})

describe('an import', () => {
  const exported = (): Promise<string> =>
    exportOf([
      { key: '/a', value: '1' },
      { key: '/b', value: '2', expiresAtMs: 1_000_001 },
      { key: '/c', value: '3', expiresAtMs: 1_000_000 },
    ])

  it('leaves out what is over, and keeps what ends a millisecond later', async () => {
    const store = memoryObjectStore({ clock })
    expect(await importInto(store, await exported())).toEqual({ written: 2, expired: 1, existing: 0 })
    expect(await contentOf(store)).toEqual([
      { key: '/a', value: '1', expiresAtMs: undefined },
      { key: '/b', value: '2', expiresAtMs: 1_000_001 },
    ])
  })

  it('stops at an object that exists, unless it is told what becomes of it', async () => {
    const store = memoryObjectStore({ clock })
    await store.create('/a', 'mine')
    await expect(importInto(store, await exported())).rejects.toThrow('/a has changed meanwhile')
    expect(await importInto(store, await exported(), 'skip')).toMatchObject({ existing: expect.any(Number) })
    expect(await store.get('/a')).toMatchObject({ value: 'mine' })
    expect(await importInto(store, await exported(), 'overwrite')).toEqual({
      written: 1,
      expired: 1,
      existing: 1,
    })
    expect(await store.get('/a')).toMatchObject({ value: '1' })
  })

  it('overwrites an object that changes at the same time', async () => {
    const store = memoryObjectStore({ clock })
    const { revision } = await store.create('/a', 'mine')
    let isChanged = false
    const racing: ObjectStore = {
      ...store,
      async get(name) {
        const found = await store.get(name)
        if (!isChanged) {
          isChanged = true
          await store.update(name, 'theirs', revision)
        }
        return found
      },
    }
    expect(await importInto(racing, await exportOf([{ key: '/a', value: '1' }]), 'overwrite')).toMatchObject({
      written: 1,
    })
    expect(await store.get('/a')).toMatchObject({ value: '1' })
  })

  it('gives up an object that changes all the time', async () => {
    const store = memoryObjectStore({ clock })
    await store.create('/a', 'mine')
    const racing: ObjectStore = { ...store, get: () => Promise.resolve(undefined) }
    await expect(importInto(racing, await exported(), 'overwrite')).rejects.toThrow(
      'another process writes into the store',
    )
  })

  it('says what the store says, and writes nothing more than what was begun', async () => {
    const store = memoryObjectStore({ clock })
    let creations = 0
    const failing: ObjectStore = {
      ...store,
      async create(name, text) {
        if (++creations > 100) throw new StoreError('storeUnavailable', 'the disk is full')
        return store.create(name, text)
      },
    }
    const many = Array.from({ length: 1000 }, (_, index) => ({ key: `/${1000 + index}`, value: '' }))
    await expect(importInto(failing, await exportOf(many))).rejects.toThrow('the disk is full')
    expect((await store.list('')).objects).toHaveLength(100)
    expect(creations).toBeLessThan(300)
    // It is gone on with.
    expect(await importInto(store, await exportOf(many), 'skip')).toEqual({
      written: 900,
      expired: 0,
      existing: 100,
    })
    expect((await store.list('')).objects).toHaveLength(1000)
  })

  it('never has more than 64 objects or about 9 MiB of values under way', async () => {
    const store = memoryObjectStore()
    const waiting: (() => void)[] = []
    let most = 0
    let length = 0
    let longest = 0
    // It answers only when nothing more is begun.
    const slow: ObjectStore = {
      ...store,
      async create(name, text) {
        longest = Math.max(longest, (length += text.length))
        await new Promise<void>((resolve) => void waiting.push(resolve))
        length -= text.length
        return store.create(name, text)
      },
    }
    const objects = Array.from({ length: 230 }, (_, index) => ({
      key: `/${1000 + index}`,
      value: 'x'.repeat(index < 200 ? 10 : 1_000_000),
    }))
    const imported = importInto(slow, await exportOf(objects))
    for (let before = -1; (await store.list('')).objects.length < objects.length; before = waiting.length) {
      await setTimeout(1)
      if (waiting.length > before) continue
      most = Math.max(most, waiting.length)
      for (const resolve of waiting.splice(0)) resolve()
    }
    expect(await imported).toMatchObject({ written: 230 })
    expect(most).toBe(64)
    expect(longest).toBeGreaterThan(8_000_000)
    expect(longest).toBeLessThan(9_400_000)
  })
})

describe('an export', () => {
  it('is refused if an object cannot be read, by its key and without its value', async () => {
    const snapshot = snapshotOf([{ key: '/a\n', problem: 'its checksum is another' }])
    await expect(exportOfSnapshot(snapshot)).rejects.toThrow(
      String.raw`/a\u{a} cannot be exported: its checksum`,
    )
  })

  it('is refused if the store does not give as many objects as it has', async () => {
    const snapshot = snapshotOf([{ key: '/a', value: '', revision: 1, createdRevision: 1 }], {
      count: () => Promise.resolve(2),
    })
    await expect(exportOfSnapshot(snapshot)).rejects.toThrow('the store has 2 objects, and 1 could be read')
  })
})
