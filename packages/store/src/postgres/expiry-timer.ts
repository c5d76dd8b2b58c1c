import type { StoreState } from '../revisions.ts'
import type { PostgresStoreOptions } from './database.ts'
import type { NextExpiry } from './rows.ts'

/** Deletes objects when they expire, by the time of the database. */
export interface ExpiryTimer {
  /** What was read before something that is known already is ignored. */
  plan(read: StoreState & NextExpiry): void
  /** The revisions are those of another store. */
  reset(): void
  stop(): void
}

/** How long the next attempt waits if the database failed. */
const RETRY_MS = 1000

/** @param expire deletes what has expired, and plans what comes next. */
export function expiryTimer({ clock, now }: PostgresStoreOptions, expire: () => Promise<void>): ExpiryTimer {
  let isStopped = false
  let isRunning = false
  let known: (StoreState & NextExpiry) | undefined
  let cancel: (() => void) | undefined

  const run = (): void => {
    if (isRunning || isStopped) return
    isRunning = true
    expire().then(
      () => {
        isRunning = false
        wait()
      },
      () => {
        isRunning = false
        cancel?.()
        cancel = clock.after(RETRY_MS, run)
      },
    )
  }

  const wait = (): void => {
    cancel?.()
    if (known?.nextMs === undefined || isStopped || isRunning) return
    const left = known.nextMs - (now() ?? known.nowMs)
    if (left > 0) cancel = clock.after(left, run)
    else run()
  }

  return {
    plan(read) {
      if (known !== undefined && read.revision < known.revision) return
      known = read
      wait()
    },
    reset() {
      known = undefined
    },
    stop() {
      isStopped = true
      cancel?.()
    },
  }
}
