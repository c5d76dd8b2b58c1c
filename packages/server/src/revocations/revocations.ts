import type { Clock } from '@kube-authn/core'
import { checkOptions, type OptionsShape, required } from '@kube-authn/core/adapter'
import {
  aClock,
  above,
  aFunction,
  atLeast,
  report,
  systemClock,
  unavailable,
  withMethods,
} from '@kube-authn/core/internal'
import { revocationList, type Revocations, type UsedCredential } from '@kube-authn/core/revocation'
import { credentialRevocations, revocationOf } from '../registry/resources/credential-revocations.ts'
import { fromStored, keyPrefix } from '../registry/stored-objects.ts'
import { followStore } from '../store/follow-store.ts'
import type { ObjectStore, StoreChange, StoredObject } from '../store/object-store.ts'

/** Options of {@link revocations}. */
export interface RevocationsOptions {
  /** Where the `credentialrevocations` are. */
  readonly store: ObjectStore
  /**
   * How long credentials are accepted while the store cannot be followed. After this time none is: it is not known whether they are revoked.
   * Default 30.
   */
  readonly maxStalenessSeconds?: number
  /** As the option of `revocationList`. Default 10. */
  readonly clockSkewSeconds?: number
  /** Default: the runtime's clock. */
  readonly clock?: Clock
  /** Called for every failure to follow the store, and for every object that cannot be read, which revokes nothing. */
  readonly onError?: (error: unknown) => void
}

const shape: OptionsShape<RevocationsOptions> = {
  store: required(withMethods('a store of objects', 'list', 'watch')),
  maxStalenessSeconds: above(0),
  clockSkewSeconds: atLeast(0),
  clock: aClock,
  onError: aFunction,
}

/** The revocations in a store. */
export interface StoredRevocations extends Revocations {
  isRevoked(this: void, credential: UsedCredential): boolean
  watch(this: void, credential: UsedCredential, onRevoked: () => void): () => void
  /** Since when changes by others are not followed, in milliseconds since the epoch; `undefined` while they are. */
  readonly outdatedSinceMs: number | undefined
  /** Takes over what was just written, before the store tells it. `kubernetesApi` does so. */
  learn(this: void, written: StoredObject | StoreChange): void
  /** Stops following the store. From then on no credential is accepted. */
  close(this: void): void
}

/** The beginning of the keys of revocations. */
export const REVOCATIONS_PREFIX: string = keyPrefix(credentialRevocations, '')

/**
 * The `credentialrevocations` in a store, for the option `revocations` of `createAuthenticator` and for `unlessRevoked`. Several replicas with one store
 * refuse what any of them revokes.
 *
 * It resolves when it knows all of them, and follows their changes from then on. If that fails for longer than `maxStalenessSeconds`, every
 * credential is refused as `unavailable`.
 *
 * @throws {ConfigurationError} if an option is invalid.
 * @throws {StoreError} `closed`
 * @example
 * const revoked = await revocations({ store })
 * const authenticator = createAuthenticator({ tokenFile: 'tokens.csv', revocations: revoked })
 */
export async function revocations(options: RevocationsOptions): Promise<StoredRevocations> {
  checkOptions(shape, options)
  const { store, clock = systemClock, maxStalenessSeconds = 30, clockSkewSeconds = 10, onError } = options
  const list = revocationList({ clock, clockSkewSeconds })
  /** By key, the revision at which an object is known, also of what is deleted. */
  const known = new Map<string, { revision: number; readonly isDeleted: boolean }>()
  const closing = new AbortController()
  let reachedMs = clock.now()
  let outdatedSinceMs: number | undefined

  const take = (written: StoredObject | StoreChange): void => {
    const { key, revision } = written
    if (revision <= (known.get(key)?.revision ?? -1)) return
    const isDeleted = 'type' in written && written.type === 'deleted'
    known.set(key, { revision, isDeleted })
    try {
      list.delete(key)
      if (!isDeleted) list.set(key, revocationOf(fromStored(written, revision)))
    } catch (thrown) {
      report(onError, new Error(`${key} revokes nothing, since it cannot be read`, { cause: thrown }))
    }
  }

  const forget = (isGone: (key: string, revision: number, isDeleted: boolean) => boolean): void => {
    for (const [key, { revision, isDeleted }] of known) {
      if (!isGone(key, revision, isDeleted)) continue
      known.delete(key)
      list.delete(key)
    }
  }

  await new Promise<void>((resolve, reject) => {
    const following = followStore(
      { store, prefix: REVOCATIONS_PREFIX, clock, signal: closing.signal },
      {
        object: take,
        listed(keys, revision) {
          forget((key, at) => !keys.has(key) && at <= revision)
          resolve()
        },
        change(change) {
          take(change)
          // Nothing older will be told of it.
          if (change.type === 'deleted')
            forget((key, at, isDeleted) => key === change.key && isDeleted && at <= change.revision)
        },
        gap(isReplaced) {
          if (isReplaced) for (const each of known.values()) each.revision = -1
        },
        reached() {
          reachedMs = clock.now()
          outdatedSinceMs = undefined
        },
        failed(error, isFinal) {
          outdatedSinceMs ??= clock.now()
          report(onError, error)
          if (isFinal) reject(error)
        },
      },
    )
    following.catch(reject)
  })

  return {
    isRevoked(credential) {
      if (clock.now() - reachedMs > maxStalenessSeconds * 1000 || closing.signal.aborted) {
        throw unavailable('the revocations are not known: their store cannot be followed')
      }
      return list.isRevoked(credential)
    },
    watch: list.watch,
    get outdatedSinceMs() {
      return outdatedSinceMs
    },
    learn: take,
    close: () => closing.abort(),
  }
}
