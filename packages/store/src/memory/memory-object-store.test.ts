import { describe, expect, it } from 'vitest'
import { storeContract } from '../../test/store-contract.ts'
import type { StoreChange } from '../object-store.ts'
import { memoryEngine, memoryObjectStore } from './memory-object-store.ts'

describe('a store in memory', () => {
  storeContract((options) => Promise.resolve({ store: memoryObjectStore(options) }), { isDurable: false })

  it.each([
    [{ maxHistoryChanges: 0 }, 'maxHistoryChanges'],
    [{ historyLength: '1' }, 'historyLength'],
    [{ clock: {} }, 'clock'],
    [{ file: 'x' }, 'file'],
  ])('refuses the options %j', (options, path) => {
    expect(() => memoryObjectStore(options as never)).toThrow(path)
  })
})

describe('an engine in memory', () => {
  const change = (revision: number, type: StoreChange['type'], key: string): StoreChange => ({
    type,
    key,
    value: `${revision}`,
    revision,
    createdRevision: revision,
  })
  const filled = () => {
    const engine = memoryEngine()
    engine.write([
      change(1, 'created', '/a'),
      change(2, 'updated', '/a'),
      change(3, 'created', '/gone'),
      change(4, 'deleted', '/gone'),
      change(5, 'created', '/c'),
    ])
    const valuesAt = (revision: number): readonly string[] =>
      engine.range({ prefix: '/', revision, limit: 10 }).map(({ value }) => value)
    return { engine, valuesAt }
  }

  it('remembers every value until it is compacted', () => {
    const { valuesAt } = filled()
    expect([1, 2, 3, 4, 5].map(valuesAt)).toEqual([['1'], ['2'], ['2', '3'], ['2'], ['2', '5']])
  })

  it('holds no value that was replaced or deleted up to a compaction, and every later one', () => {
    const { engine, valuesAt } = filled()
    engine.compact(4)
    expect([1, 2, 3, 4, 5].map(valuesAt)).toEqual([[], ['2'], ['2'], ['2'], ['2', '5']])
    engine.write([change(6, 'updated', '/a')])
    engine.compact(5)
    expect([2, 5, 6].map(valuesAt)).toEqual([['2'], ['2', '5'], ['6', '5']])
  })

  it('holds nothing after it was closed', () => {
    const { engine, valuesAt } = filled()
    engine.close()
    expect([engine.get('/a'), valuesAt(5), engine.changeAfter(0, '/')]).toEqual([undefined, [], undefined])
  })
})
