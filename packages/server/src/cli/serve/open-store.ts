import { join } from 'node:path'
import type { ObjectStore } from '../../store/object-store.ts'
import { isStoreError } from '../../store/store-error.ts'
import { Failure } from '../failure.ts'
import type { ServeSettings } from './settings.ts'

/** The file of the store in a data folder. */
export function storeFile({ dataDir }: Pick<ServeSettings, 'dataDir'>): string {
  return join(dataDir, 'store.db')
}

/**
 * Opens the store of the data folder, which must exist, or one in memory.
 *
 * @throws {Failure} if it is damaged, another process has it, or it cannot be used.
 */
export async function openStore(settings: ServeSettings): Promise<ObjectStore> {
  if (settings.inMemory) {
    const { memoryObjectStore } = await import('../../store/memory/memory-object-store.ts')
    return memoryObjectStore()
  }
  const { sqliteObjectStore } = await import('../../store/sqlite/sqlite-object-store.ts')
  try {
    return await sqliteObjectStore({ file: storeFile(settings) })
  } catch (error) {
    if (isStoreError(error, 'storeCorrupted', 'storeUnavailable')) {
      throw new Failure(error.message, { cause: error })
    }
    throw error
  }
}
