import { nodeBuiltin } from '../../internal/node-builtin.ts'
import { canWorkInBackground } from '../../internal/runtime.ts'

/** The part of `Worker` of `node:worker_threads` that is used. */
export interface WorkerThread {
  postMessage(message: unknown): void
  on(event: 'message' | 'messageerror' | 'error' | 'exit', listener: (value: unknown) => void): unknown
  /** Lets the worker keep the process alive. */
  ref(): void
  unref(): void
  terminate(): unknown
}

/** The port to the parent thread, in the worker. */
export interface ParentPort {
  postMessage(message: unknown): void
  on(event: 'message', listener: (message: unknown) => void): unknown
}

/** The part of `node:worker_threads` that is used. Deno and Bun have it too. */
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

/** `node:worker_threads`, if threads can be started. */
export function workerThreads(): WorkerThreads | undefined {
  if (!canWorkInBackground()) return undefined
  return nodeBuiltin('node:worker_threads') as WorkerThreads | undefined
}

/**
 * How many threads may compute at once: all cores but one, which is left for serving requests, and at least one. 0 if the runtime has no
 * threads.
 */
export function spareCores(): number {
  if (workerThreads()?.Worker === undefined) return 0
  const os = nodeBuiltin('node:os') as Os | undefined
  return Math.max(1, (os?.availableParallelism?.() ?? 2) - 1)
}
