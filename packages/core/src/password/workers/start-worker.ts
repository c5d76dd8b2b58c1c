import type { Clock } from '../../internal/clock.ts'
import { isAnswer, type Question, READY } from './worker-protocol.ts'
import type { WorkerThread } from './worker-threads.ts'

/** A worker that checks one password at a time. */
export interface PasswordWorker {
  /** Whether it is gone. It may go at any time. */
  readonly isOver: boolean
  /** Rejects when the check fails, or the worker goes before it answers. */
  check(hash: string, password: string): Promise<boolean>
  stop(): void
}

/** How long a worker may take to begin, on a machine that is very busy. */
const START_TIMEOUT_MS = 30_000

/**
 * Starts a worker, and waits until it says that it is one. A worker keeps the process alive only while it checks something.
 *
 * The promise rejects when it cannot be started, with whatever it was that the runtime threw.
 *
 * @param open throws where there are no threads, or none may be started.
 */
export function startWorker(open: () => WorkerThread, clock: Clock): Promise<PasswordWorker> {
  return new Promise((resolve, reject) => {
    let isOver = false
    let lastId = 0
    let asked: { readonly id: number; settle(isRight: boolean | undefined): void } | undefined
    const thread = open()

    const settle = (isRight: boolean | undefined): void => {
      thread.unref()
      asked?.settle(isRight)
      asked = undefined
    }
    const end = (why: unknown): void => {
      if (isOver) return
      isOver = true
      cancelTimeout()
      settle(undefined)
      thread.terminate()
      reject(why)
    }
    const cancelTimeout = clock.after(START_TIMEOUT_MS, () => end(new Error('it did not begin in time')))

    const worker: PasswordWorker = {
      get isOver() {
        return isOver
      },
      check(hash, password) {
        return new Promise((resolveCheck, rejectCheck) => {
          if (isOver || asked !== undefined) {
            rejectCheck(new Error('the worker cannot be asked'))
            return
          }
          const id = ++lastId
          asked = {
            id,
            settle: (isRight) =>
              isRight === undefined
                ? rejectCheck(new Error('the worker gave no answer'))
                : resolveCheck(isRight),
          }
          thread.ref()
          // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin.
          thread.postMessage({ id, hash, password } satisfies Question)
        })
      },
      stop: () => end(new Error('the worker was stopped')),
    }

    let isReady = false
    thread.on('message', (message) => {
      if (!isReady) {
        if (message !== READY) return
        isReady = true
        cancelTimeout()
        thread.unref()
        resolve(worker)
      } else if (isAnswer(message) && message.id === asked?.id) {
        // Nothing but `true` and `false` is a verdict.
        settle(typeof message.isRight === 'boolean' ? message.isRight : undefined)
      }
    })
    thread.on('messageerror', () => end(new Error('the worker sent what cannot be read')))
    thread.on('error', end)
    thread.on('exit', () => end(new Error('the worker ended')))
  })
}
