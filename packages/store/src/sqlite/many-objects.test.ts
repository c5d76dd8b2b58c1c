import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { StoreChange } from '../object-store.ts'
import type { SqlDatabase, SqlStatement } from './driver.ts'
import { sqliteDriver } from './driver.ts'
import { openStoreFile } from './open-store-file.ts'
import { sqliteEngine } from './sqlite-engine.ts'

const OBJECTS = 20_000
const folder = mkdtempSync(join(tmpdir(), 'kube-authn-many-'))
const file = join(folder, 'store.db')
const keyOf = (index: number): string => `/registry/serviceaccounts/ns-${index % 100}/sa-${index}`

/** Of a database: the statements that were run, and how many rows they gave. */
interface Counted extends SqlDatabase {
  readonly runs: { readonly sql: string; readonly parameters: readonly unknown[]; readonly rows: number }[]
}

function counted(database: SqlDatabase): Counted {
  const runs: Counted['runs'] = []
  const note = <T>(sql: string, parameters: readonly unknown[], rows: number, result: T): T => {
    runs.push({ sql, parameters, rows })
    return result
  }
  return {
    runs,
    exec(sql) {
      database.exec(sql)
      note(sql, [], 0, undefined)
    },
    close: () => database.close(),
    prepare(sql): SqlStatement {
      const statement = database.prepare(sql)
      return {
        run: (...given) => note(sql, given, 0, statement.run(...given)),
        get: (...given) => note(sql, given, 1, statement.get(...given)),
        all(...given) {
          const rows = statement.all(...given)
          return note(sql, given, rows.length, rows)
        },
      }
    },
  }
}

let database: Counted
beforeAll(async () => {
  const open = await sqliteDriver()
  const first = openStoreFile(file, open)
  const engine = sqliteEngine(first, file)
  const changes = Array.from({ length: OBJECTS }, (_, index): StoreChange => {
    const revision = index + 1
    return {
      type: 'created',
      key: keyOf(index),
      value: `{"n":${index}}`,
      revision,
      createdRevision: revision,
    }
  })
  engine.write(changes)
  engine.compact(OBJECTS - 10)
  engine.close()
  database = counted(openStoreFile(file, open))
})
afterAll(() => {
  database.close()
  rmSync(folder, { recursive: true })
})

/** How SQLite runs a statement: each table, by which index. */
function planOf({
  sql,
  parameters,
}: {
  readonly sql: string
  readonly parameters: readonly unknown[]
}): string {
  const plan = database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...(parameters as readonly string[]))
  return plan.map(({ detail }) => String(detail)).join('; ')
}

/** What the work of an engine ran, without its preparation. */
function during<T>(work: () => T): { readonly result: T; readonly runs: Counted['runs'] } {
  const before = database.runs.length
  const result = work()
  return { result, runs: database.runs.slice(before) }
}

describe('a store of 20,000 objects', () => {
  it('is opened by reading no object', () => {
    const { result: engine, runs } = during(() => sqliteEngine(database, file))
    expect(engine.revision).toBe(OBJECTS)
    expect(runs.reduce((sum, { rows }) => sum + rows, 0)).toBe(1)
    const expiring = during(() => [...engine.expiring()])
    expect(expiring.result).toEqual([])
    expect(expiring.runs.map(planOf).join()).toContain('USING INDEX change_that_expires')
  })

  it.each([0, 1, OBJECTS / 2, OBJECTS - 1])('finds one of them with one search of the index: %d', (index) => {
    const engine = sqliteEngine(database, file)
    const { result, runs } = during(() => engine.get(keyOf(index)))
    expect(result?.value).toBe(`{"n":${index}}`)
    expect(runs.map(({ rows }) => rows)).toEqual([1])
    expect(runs.map(planOf)).toEqual(['SEARCH c USING INDEX change_of_key (key=?)'])
  })

  it('finds out in the same way that there is none', () => {
    const engine = sqliteEngine(database, file)
    const { result, runs } = during(() => engine.get('/registry/serviceaccounts/ns-1/none'))
    expect(result).toBeUndefined()
    expect(runs.map(planOf)).toEqual(['SEARCH c USING INDEX change_of_key (key=?)'])
  })

  it.each(['', '/registry/', '/registry/serviceaccounts/ns-42/', '/registry/serviceaccounts/zzz/'])(
    'lists a page of %j in the order of the index, without sorting',
    (prefix) => {
      const engine = sqliteEngine(database, file)
      const { result, runs } = during(() => engine.range({ prefix, revision: OBJECTS, limit: 501 }))
      expect(result.length).toBeLessThanOrEqual(501)
      expect(runs).toHaveLength(1)
      const plan = runs.map(planOf).join()
      expect(plan).toMatch(
        /^SEARCH c USING INDEX change_of_key \(key>\? AND key<\?\); .*SEARCH l USING COVERING INDEX/u,
      )
      expect(plan).not.toContain('TEMP B-TREE')
    },
  )

  it('reads the changes that a watch missed by their revisions, and not the objects before them', () => {
    const engine = sqliteEngine(database, file)
    const { result, runs } = during(() => engine.changeAfter(OBJECTS - 5, '/registry/'))
    expect(result?.revision).toBe(OBJECTS - 4)
    const plan = runs.map(planOf).join()
    expect(plan).toMatch(/^SEARCH c USING INTEGER PRIMARY KEY \(rowid>\?\)/u)
    expect(plan).not.toContain('TEMP B-TREE')
  })

  it('keeps a limited part of the file in memory', () => {
    const pages = database.prepare('PRAGMA cache_size').get()?.['cache_size']
    expect(pages).toBe(-65_536)
  })
})
