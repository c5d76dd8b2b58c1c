import { nodeBuiltin } from '../../internal/node-builtin.ts'
import { canWorkInBackground } from '../../internal/runtime.ts'

/** What of a worker of `node:worker_threads` is used. */
export interface WorkerThread {
  postMessage(message: unknown): void
  on(event: 'message' | 'messageerror' | 'error' | 'exit', listener: (value: unknown) => void): unknown
  /** Keeps the process alive, or not any more. */
  ref(): void
  unref(): void
  terminate(): unknown
}

/** The other end of it, in the worker. */
export interface ParentPort {
  postMessage(message: unknown): void
  on(event: 'message', listener: (message: unknown) => void): unknown
}

/** What of `node:worker_threads` is used, which Deno and Bun have too. */
interface WorkerThreads {
  readonly Worker?: new (
    file: URL,
    options: { readonly name: string; readonly execArgv: readonly string[] },
  ) => WorkerThread
  readonly parentPort?: ParentPort | null
}

interface Os {
  availableParallelism?(): number
}

/** `node:worker_threads`, where threads can be started. */
export function workerThreads(): WorkerThreads | undefined {
  if (!canWorkInBackground()) return undefined
  return nodeBuiltin('node:worker_threads') as WorkerThreads | undefined
}

/**
 * How many threads may compute at once: all cores but one, which is left to the thread that answers requests; one at least. 0 where there
 * are no threads.
 */
export function spareCores(): number {
  if (workerThreads()?.Worker === undefined) return 0
  const os = nodeBuiltin('node:os') as Os | undefined
  return Math.max(1, (os?.availableParallelism?.() ?? 2) - 1)
}
