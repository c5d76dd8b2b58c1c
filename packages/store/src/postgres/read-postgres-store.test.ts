import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type EmbeddedPostgres, embeddedPostgres } from '../../test/embedded-postgres.ts'
import type { FoundObject, StoreSnapshot } from '../store-snapshot.ts'
import { migratePostgresStore, postgresObjectStore } from './postgres-object-store.ts'
import { postgresStoreVersions, readPostgresStore } from './read-postgres-store.ts'

const schema = 'read'
let postgres: EmbeddedPostgres

beforeAll(async () => {
  postgres = await embeddedPostgres()
})
afterAll(() => postgres.close())

const read = <T>(work: (snapshot: StoreSnapshot) => Promise<T>): Promise<T> =>
  readPostgresStore({ pool: postgres.pool, schema }, work)

async function objectsIn(snapshot: StoreSnapshot, prefix: string): Promise<readonly FoundObject[]> {
  const parts: FoundObject[] = []
  for await (const part of snapshot.objects(prefix)) parts.push(...part)
  return parts
}

it('a database without a store has version 0, and is not read', async () => {
  expect(await postgresStoreVersions({ pool: postgres.pool, schema: 'none' })).toEqual({
    before: 0,
    after: 2,
  })
  const reading = readPostgresStore({ pool: postgres.pool, schema: 'none' }, () => Promise.resolve())
  await expect(reading).rejects.toMatchObject({ code: 'storeUnavailable' })
})

describe('a store in PostgreSQL that is read', () => {
  const tables = ['store', 'object', 'change']

  beforeAll(async () => {
    await migratePostgresStore({ pool: postgres.pool, schema })
    const store = await postgresObjectStore({ pool: postgres.pool, schema })
    const a = await store.create('/a', '1')
    await store.update('/a', '2', a.revision)
    await store.create('/b/x', '3')
    await store.create('/b/y', 'é')
    await store.create('/gone', '4')
    await store.delete('/gone')
    await store.compact(1)
    await store.close()
    for (const each of tables)
      await postgres.sql(`CREATE TABLE ${schema}.first_${each} AS TABLE ${schema}.${each}`)
  })

  beforeEach(async () => {
    for (const each of tables) {
      await postgres.sql(
        `TRUNCATE ${schema}.${each}; INSERT INTO ${schema}.${each} TABLE ${schema}.first_${each}`,
      )
    }
  })

  it('says what it is, and how far', async () => {
    expect(await postgresStoreVersions({ pool: postgres.pool, schema })).toEqual({ before: 2, after: 2 })
    expect(await read(async (snapshot) => snapshot)).toMatchObject({
      engine: 'PostgreSQL',
      schemaVersion: 2,
      revision: 6,
      compactedRevision: 1,
    })
  })

  it.each([
    ['', ['/a', '/b/x', '/b/y']],
    ['/b/', ['/b/x', '/b/y']],
    ['/b/y', ['/b/y']],
    ['/c', []],
  ])('has the objects of the prefix %j: %j', async (prefix, keys) => {
    const [objects, count] = await read(async (snapshot) => [
      await objectsIn(snapshot, prefix),
      await snapshot.count(prefix),
    ])
    expect([objects.map(({ key }) => key), count]).toEqual([keys, keys.length])
  })

  it('has them in parts of 500 objects, and of 4 MiB, each once', async () => {
    const values = `SELECT '/n/' || lpad(n::text, 4, '0'), 'x', 6, 6 FROM generate_series(1, 501) n`
    await postgres.sql(`INSERT INTO ${schema}.object (key, value, revision, created) ${values}`)
    const large = `SELECT '/z/' || n, repeat('x', 1048576), 6, 6 FROM generate_series(1, 6) n`
    await postgres.sql(`INSERT INTO ${schema}.object (key, value, revision, created) ${large}`)
    const lengthsIn = (prefix: string) =>
      read(async (snapshot) => {
        const lengths: number[] = []
        for await (const part of snapshot.objects(prefix)) lengths.push(part.length)
        return lengths
      })
    expect(await lengthsIn('/n/')).toEqual([500, 1])
    expect(await lengthsIn('/z/')).toEqual([4, 2])
  })

  it('has objects with their revisions', async () => {
    expect(await read((snapshot) => objectsIn(snapshot, '/a'))).toEqual([
      { key: '/a', value: '2', revision: 2, createdRevision: 1 },
    ])
  })

  it.each([
    ['nothing', 'SELECT 1', []],
    [
      'a change to come',
      `UPDATE ${schema}.change SET revision = 9 WHERE revision = 6`,
      [
        '1 changes are newer than the revision of the store, or were to be forgotten',
        '1 changes are missing',
      ],
    ],
    [
      'a change that was to be forgotten',
      `UPDATE ${schema}.store SET compacted = 2`,
      ['1 changes are newer than the revision of the store, or were to be forgotten'],
    ],
    ['a missing change', `DELETE FROM ${schema}.change WHERE revision = 5`, ['1 changes are missing']],
    [
      'an object that was made after its change',
      `UPDATE ${schema}.change SET created = 3 WHERE revision = 2`,
      ['1 changes have a revision of creation that cannot be theirs'],
    ],
    [
      'an update that is called a creation',
      `UPDATE ${schema}.change SET type = 'created' WHERE revision = 2`,
      ['1 changes have a revision of creation that cannot be theirs'],
    ],
    [
      'a missing object',
      `DELETE FROM ${schema}.object WHERE key = '/b/x'`,
      ['1 objects are not as their last change says'],
    ],
    [
      'an object of another revision',
      `UPDATE ${schema}.object SET revision = 1 WHERE key = '/a'`,
      ['1 objects are not as their last change says'],
    ],
    [
      'an object that was deleted',
      `INSERT INTO ${schema}.object (key, value, revision, created) VALUES ('/gone', '4', 5, 5)`,
      ['1 objects are not as their last change says'],
    ],
  ])('says what is wrong with its history: %s', async (_, sql, problems) => {
    await postgres.sql(sql)
    expect(await read((snapshot) => snapshot.historyProblems())).toEqual(problems)
  })
})
