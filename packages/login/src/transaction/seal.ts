import { isObject } from '@kube-authn/core/internal/shared'
import { open, seal, type SealingKey, sealingKey } from '../sessions/seal.ts'
import { bytesOfSessionKey } from '../sessions/session-keys.ts'

/** Seals values that a browser keeps: it can neither read nor change them. */
export interface Seal {
  seal(value: object): Promise<string>
  /** `undefined` if it was not sealed with one of the keys for this context, or was changed. */
  open(sealed: string): Promise<Readonly<Record<string, unknown>> | undefined>
}

/** Longer ones are not of ours. */
const MAX_SEALED = 4096
const VERSION = 1

/** @param keys the first one seals, all of them open. @param application others with the same keys cannot open what this one seals. */
export function transactionSeal(keys: readonly string[], application: string): Seal {
  let derived: Promise<readonly SealingKey[]> | undefined
  /** Derived with the first login: some runtimes have no cryptography outside of requests. */
  const sealingKeys = (): Promise<readonly SealingKey[]> =>
    (derived ??= Promise.all(
      keys.map((key) => sealingKey(bytesOfSessionKey(key), ['login transaction', VERSION, application])),
    ))
  return {
    async seal(value) {
      const [first] = await sealingKeys()
      if (first === undefined) throw new TypeError('there is no key')
      return seal(JSON.stringify(value), first)
    },
    async open(sealed) {
      const text = sealed.length > MAX_SEALED ? undefined : await open(sealed, await sealingKeys())
      const value: unknown = text === undefined ? undefined : JSON.parse(text)
      return isObject(value) ? value : undefined
    },
  }
}
