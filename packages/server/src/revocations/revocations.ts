import { checkOptions, type OptionsShape } from '@kube-authn/core/adapter'
import { atLeast, defined, watchAny, without } from '@kube-authn/core/internal'
import { type Clock, unavailable } from '@kube-authn/core'
import {
  requireRevocation,
  type Revocation,
  revocationList,
  type Revocations,
  type UsedCredential,
} from '@kube-authn/core/revocation'
import { hexOf } from '@kube-authn/internal/bytes'
import { rfc3339Of } from '@kube-authn/internal/rfc3339'
import type { KubeObject } from '../registry/kube-object.ts'
import { registry } from '../registry/registry.ts'
import { apiVersionOf } from '../registry/resource.ts'
import {
  credentialRevocations,
  MAX_REASON,
  revocationOf,
} from '../registry/resources/credential-revocations.ts'
import { isConflict } from '../registry/status-errors.ts'
import { fromStored, keyPrefix } from '../registry/stored-objects.ts'
import {
  joinedCopies,
  RETRY_SECONDS,
  storeCache,
  type StoreCacheOptions,
  storeCacheShape,
  storeClock,
  type StoreCopy,
} from '@kube-authn/store/internal'
import type { StoredObject } from '@kube-authn/store'

/** Options of {@link revocations}. */
export interface RevocationsOptions extends StoreCacheOptions {
  /** As the option of `revocationList`. Default 10. */
  readonly clockSkewSeconds?: number
}

const shape: OptionsShape<RevocationsOptions> = { ...storeCacheShape, clockSkewSeconds: atLeast(0) }

/** The revocations in a store. */
export interface StoredRevocations extends Revocations, StoreCopy {
  /** The time of the store, on which replicas agree. Sessions in sealed cookies go by it (`ended` of `cookieSessions`). */
  readonly clock: Clock
  /** The same time, as the store tells it now. @throws {StoreError} if it cannot be asked. */
  now(this: void): Promise<number>
  isRevoked(this: void, credential: UsedCredential): boolean
  watch(this: void, credential: UsedCredential, onRevoked: () => void): () => void
  /**
   * Writes a revocation for all replicas, such as of the id token of a session that ends. It counts when this resolves. What is over already is not written.
   *
   * @param name says what is revoked, to people who list revocations.
   * @throws {ConfigurationError} if the revocation is not one. @throws {StatusError} if it could not be written.
   */
  set(this: void, name: string, revocation: Revocation): Promise<void>
}

export const REVOCATIONS_PREFIX: string = keyPrefix(credentialRevocations, '')

/**
 * The `credentialrevocations` in a store, for the option `revocations` of `createAuthenticator` and for `unlessRevoked`. Several replicas with one store
 * refuse what any of them revokes.
 *
 * It resolves when it knows all of them, and follows their changes from then on. If that fails for longer than `maxStalenessSeconds`, every
 * credential is refused as `unavailable`, with a 503, and open connections end. An object that cannot be read revokes nothing.
 *
 * @throws {ConfigurationError} if an option is invalid.
 * @throws {StoreError} `closed`
 * @example
 * const revoked = await revocations({ store })
 * const authenticator = createAuthenticator({ tokenFile: 'tokens.csv', revocations: revoked })
 */
export async function revocations(options: RevocationsOptions): Promise<StoredRevocations> {
  checkOptions(shape, options)
  const { store, clock = storeClock(store), clockSkewSeconds = 10 } = options
  const list = revocationList({ clockSkewSeconds, clock })
  const cache = storeCache(options, {
    prefix: REVOCATIONS_PREFIX,
    what: 'revocations',
    unreadable: 'revokes nothing',
    read: soundRevocation,
    onChange(key, _before, after) {
      if (after === undefined) list.delete(key)
      else list.set(key, after.value)
    },
  })
  const copy = await joinedCopies(cache)
  const objects = registry({ store, resources: [credentialRevocations], clock, learners: [cache] })

  return Object.assign<StoreCopy, Omit<StoredRevocations, keyof StoreCopy>>(copy, {
    clock,
    async now() {
      await store.revision()
      return clock.now()
    },
    async set(name, revocation) {
      requireRevocation(revocation)
      if ((revocation.expiresAtMs ?? Infinity) <= clock.now()) return
      const object = await revocationObject(name, revocation)
      await objects
        .create({ resource: credentialRevocations, namespace: '' }, object)
        .catch((thrown: unknown) => {
          // The same revocation is there already.
          if (!isConflict(thrown)) throw thrown
        })
    },
    isRevoked(credential) {
      const problem = cache.problem()
      if (problem !== undefined) throw unavailable(problem, { retryAfterSeconds: RETRY_SECONDS })
      return list.isRevoked(credential)
    },
    watch: (credential, onRevoked) =>
      watchAny([cache.watchProblem, (end) => list.watch(credential, end)], onRevoked),
  })
}

/** Without its end, which is the store's: it counts as long as it is there, whatever the clock of this process says. @throws if it is not a revocation. */
function soundRevocation(stored: StoredObject): Revocation {
  const revocation = revocationOf(fromStored(stored, stored.revision))
  requireRevocation(revocation)
  return without(revocation, 'expiresAtMs')
}

/**
 * The object of a revocation. Its name is a digest of what it revokes, so the same revocation is written once, and none takes the place of another.
 *
 * @param name says what is revoked, to people who list revocations.
 */
async function revocationObject(name: string, revocation: Revocation): Promise<KubeObject> {
  const { credentialId, tokenSha256, user, attribute, issuedBeforeMs, expiresAtMs } = revocation
  const spec = {
    ...defined({
      credentialID: credentialId,
      tokenSHA256: tokenSha256,
      user,
      attribute,
      issuedBefore: inWholeSeconds(issuedBeforeMs),
      expirationTime: inWholeSeconds(expiresAtMs),
    }),
    reason: name.slice(0, MAX_REASON),
  }
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(JSON.stringify(spec)))
  return {
    apiVersion: apiVersionOf(credentialRevocations),
    kind: credentialRevocations.kind,
    metadata: { name: `revoked-${hexOf(new Uint8Array(digest))}` },
    spec,
  }
}

/** Times of the API have no fractions: later revokes more. */
function inWholeSeconds(timeMs: number | undefined): string | undefined {
  return timeMs === undefined ? undefined : rfc3339Of(Math.ceil(timeMs / 1000) * 1000)
}
