import type { ObjectStore } from '../../store/object-store.ts'
import { isStoreError } from '../../store/store-error.ts'
import { Failure } from '../failure.ts'
import type { ServeSettings } from './settings.ts'
import { openStoreAt } from '../store-url/store-url.ts'

/**
 * Opens the store. The data folder must exist.
 *
 * @throws {Failure} if it is damaged, another process has it, or it cannot be used.
 */
export async function openStore({ store }: ServeSettings): Promise<ObjectStore> {
  try {
    return await openStoreAt(store)
  } catch (error) {
    if (isStoreError(error, 'storeCorrupted', 'storeUnavailable')) {
      throw new Failure(error.message, { cause: error })
    }
    throw error
  }
}
