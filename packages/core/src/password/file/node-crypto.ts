import { nodeBuiltin } from '../../internal/node-builtin.ts'

/** Without an error, Bun passes `undefined`. */
type Done = (error: Error | null | undefined, key: Uint8Array) => void

/** The password hashes of `node:crypto`; `argon2` exists from Node 24.7 on. */
export interface NodePasswordHashes {
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

/** `node:crypto`, if the runtime has it. It computes hashes in a thread pool. */
export function nodePasswordHashes(): NodePasswordHashes | undefined {
  return nodeBuiltin('node:crypto') as NodePasswordHashes | undefined
}

/** Converts a Node callback to a promise. */
export function promised(start: (done: Done) => void): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    start((error, key) => (error === null || error === undefined ? resolve(key) : reject(error)))
  })
}
