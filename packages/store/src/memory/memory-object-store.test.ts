import { describe, expect, it } from 'vitest'
import { storeContract } from '../../test/store-contract.ts'
import { memoryObjectStore } from './memory-object-store.ts'

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
