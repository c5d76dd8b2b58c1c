import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import type { LocalEngine } from '../local/engine.ts'
import type { StoreChange } from '../object-store.ts'
import { sqliteDriver } from './driver.ts'
import { openStoreFile } from './open-store-file.ts'
import { sqliteEngine } from './sqlite-engine.ts'

const folder = mkdtempSync(join(tmpdir(), 'kube-authn-engine-'))
afterAll(() => rmSync(folder, { recursive: true }))
let count = 0
let engine: LocalEngine

beforeEach(async () => {
  const file = join(folder, `${count++}.db`)
  const opened = sqliteEngine(openStoreFile(file, await sqliteDriver()), file)
  onTestFinished(opened.close)
  engine = opened
})

/** The changes of a key, one for each value; `undefined` deletes it. */
function changes(key: string, first: number, ...values: readonly (string | undefined)[]): StoreChange[] {
  return values.map((value, index) => ({
    type: value === undefined ? 'deleted' : values[index - 1] === undefined ? 'created' : 'updated',
    key,
    value: value ?? values[index - 1] ?? '',
    revision: first + index,
    createdRevision: first,
  }))
}

const valuesAt = (revision: number): readonly string[] =>
  engine.range({ prefix: '/', revision, limit: 10 }).map(({ value }) => value)

describe('a compaction', () => {
  it('keeps what each object was at its revision, and all later changes', () => {
    engine.write([...changes('/a', 1, 'a1', 'a2', 'a3'), ...changes('/b', 4, 'b4', undefined, 'b6')])
    engine.compact(2)
    expect([2, 3, 4, 5].map(valuesAt)).toEqual([['a2'], ['a3'], ['a3', 'b4'], ['a3']])
    expect([2, 3, 4, 5].map((since) => engine.changeAfter(since, '/')?.revision)).toEqual([3, 4, 5, 6])
    engine.compact(5)
    expect([5, 6].map(valuesAt)).toEqual([['a3'], ['a3', 'b6']])
    expect(engine.changeAfter(5, '/')).toMatchObject({ type: 'created', key: '/b', value: 'b6' })
  })
})

describe('a write that fails', () => {
  it('leaves nothing, and the next one succeeds', () => {
    engine.write(changes('/a', 1, 'a1'))
    expect(() => engine.write([...changes('/b', 2, 'b2'), ...changes('/c', 1, 'c1')])).toThrow()
    expect(valuesAt(2)).toEqual(['a1'])
    engine.write(changes('/c', 2, 'c2'))
    expect(valuesAt(2)).toEqual(['a1', 'c2'])
  })
})
