/** Without an error, Bun passes `undefined`. */
type Done = (error: Error | null | undefined, key: Uint8Array) => void

/** The password hashes of `node:crypto`; `argon2` exists from Node 24.7 on. */
export interface PasswordHashes {
  scrypt(
    password: Uint8Array,
    salt: Uint8Array,
    keyLength: number,
    options: { readonly N: number; readonly r: number; readonly p: number; readonly maxmem: number },
    done: Done,
  ): void
  argon2?(
    algorithm: 'argon2id',
    parameters: {
      readonly message: Uint8Array
      readonly nonce: Uint8Array
      readonly parallelism: number
      readonly tagLength: number
      readonly memory: number
      readonly passes: number
    },
    done: Done,
  ): void
}

export function promised(start: (done: Done) => void): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    start((error, key) => (error === null || error === undefined ? resolve(key) : reject(error)))
  })
}

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
