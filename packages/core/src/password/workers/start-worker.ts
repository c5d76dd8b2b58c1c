import type { Clock } from '../../internal/clock.ts'
import { isAnswer, type Question, READY } from './worker-protocol.ts'
import type { WorkerThread } from '../platform/platform.ts'

/** A worker that checks one password at a time. */
export interface PasswordWorker {
  /** Whether it has ended, which may happen at any time. */
  readonly isOver: boolean
  /** Rejects if the check fails or the worker ends before it answers. */
  check(hash: string, password: string): Promise<boolean>
  stop(): void
}

/** The start timeout, with a margin for busy machines. */
const START_TIMEOUT_MS = 30_000

/**
 * Starts a worker and waits for its ready message. A worker keeps the process alive only during a check.
 *
 * The promise rejects with the error of the runtime if the worker cannot be started.
 *
 * @param open throws if there are no threads or none may be started.
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
    const cancelTimeout = clock.after(START_TIMEOUT_MS, () =>
      end(new Error('the worker did not start in time')),
    )

    const worker: PasswordWorker = {
      get isOver() {
        return isOver
      },
      check(hash, password) {
        return new Promise((resolveCheck, rejectCheck) => {
          if (isOver || asked !== undefined) {
            rejectCheck(new Error('the worker is busy or has ended'))
            return
          }
          const id = ++lastId
          asked = {
            id,
            settle: (isRight) =>
              isRight === undefined
                ? rejectCheck(new Error('the worker did not answer'))
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
        // Only a boolean is a verdict.
        settle(typeof message.isRight === 'boolean' ? message.isRight : undefined)
      }
    })
    thread.on('messageerror', () => end(new Error('the worker sent an unreadable message')))
    thread.on('error', end)
    thread.on('exit', () => end(new Error('the worker ended')))
  })
}
