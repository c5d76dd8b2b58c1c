import { unavailable } from '../../authenticator/errors.ts'
import { type Clock, systemClock } from '../../internal/clock.ts'
import { memberOf } from '../../internal/objects.ts'
import {
  aClock,
  checkOptions,
  type OptionsShape,
  required,
  withMethods,
} from '../../internal/options/index.ts'
import type { UsedProofs } from './used-proofs.ts'

/** The part of an `ObjectStore` of `@kube-authn/store` that {@link storedProofs} needs. */
export interface ProofStore {
  /** Creates an object that is gone after `ttlMs`. If there is one with this key, it rejects with an error whose `code` is `objectExists`: for all but one of several callers, in any replica. */
  create(key: string, value: string, lifetime: { readonly ttlMs: number }): Promise<unknown>
}

/** Options of {@link storedProofs}. */
export interface StoredProofsOptions {
  readonly store: ProofStore
  readonly clock?: Clock
}

const shape: OptionsShape<StoredProofsOptions> = {
  store: required(withMethods('a store of objects', 'create')),
  clock: aClock,
}

/**
 * Remembers used proofs in a store that all replicas share, for the option `usedProofs` of `dpop`: a proof counts once, wherever it is sent. Each request writes one object. While the store is
 * away requests are refused as `unavailable`.
 *
 * @throws {ConfigurationError} if an option is invalid.
 * @example
 * const bound = dpop({ baseUrls: ['https://api.example.com'], usedProofs: storedProofs({ store }) })
 */
export function storedProofs(options: StoredProofsOptions): UsedProofs {
  checkOptions(shape, options)
  const { store, clock = systemClock } = options
  return {
    async use({ id, expiresAtMs }) {
      const ttlMs = Math.max(expiresAtMs - clock.now(), 0) + SKEW_MS
      try {
        await store.create(`/dpop-proofs/${id}`, 'used', { ttlMs })
        return true
      } catch (error) {
        if (memberOf(error, 'code') === 'objectExists') return false
        throw unavailable('dpop: the store of used proofs cannot be asked', { cause: error })
      }
    },
  }
}

/** How far the clocks of replicas and of the store may be apart: a proof must not be forgotten while any replica still accepts it. */
const SKEW_MS = 60_000
