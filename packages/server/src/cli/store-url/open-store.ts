import type { Clock } from '@kube-authn/core'
import { systemClock } from '@kube-authn/core/internal'
import { isStoreError, type ObjectStore } from '@kube-authn/store'
import { delay } from '@kube-authn/store/internal'
import type { Log, OnClose } from '../serve/running.ts'
import type { NamedStore } from './store-url.ts'

const RETRY_MS = 1000

/**
 * Opens the store of a server that starts, and again while it is unavailable: it may start at the same moment, or have much to do.
 *
 * @param stopping the server need not start any more.
 * @throws {StoreError} the last failure, when the time of the store is over.
 */
export async function openStore(
  named: NamedStore,
  log: Log,
  onClose: OnClose,
  stopping: AbortSignal,
  clock: Clock = systemClock,
): Promise<ObjectStore> {
  let isOver = named.startSeconds === 0
  const cancel = clock.after(named.startSeconds * 1000, () => void (isOver = true))
  try {
    for (let attempt = 1; ; attempt++) {
      try {
        const store = await named.open()
        onClose(() => store.close())
        return store
      } catch (thrown) {
        if (isOver || stopping.aborted || !isStoreError(thrown, 'storeUnavailable')) throw thrown
        const message = `store: ${thrown.message}; it is waited for, for up to ${named.startSeconds} s`
        if (attempt === 1) log({ level: 'warn', message })
        await delay(clock, RETRY_MS, stopping)
      }
    }
  } finally {
    cancel()
  }
}
