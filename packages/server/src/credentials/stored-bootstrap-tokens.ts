import { checkOptions } from '@kube-authn/core/adapter'
import {
  BOOTSTRAP_NAMESPACE,
  type BootstrapTokenOptions,
  type Secret,
} from '@kube-authn/core/bootstrap-token'
import { secrets } from '../registry/resources/secrets.ts'
import {
  joinedCopies,
  type StoreCacheOptions,
  storeCacheShape,
  type StoreCopy,
} from '@kube-authn/store/internal'
import { objectCopy } from './object-copy.ts'
import { bootstrapSecretOf } from './stored-credentials.ts'

/** The secrets of bootstrap tokens, from memory. */
export interface StoredBootstrapTokens extends Required<BootstrapTokenOptions['secrets']>, StoreCopy {
  getSecret(this: void, name: string): Secret | undefined
}

/**
 * The secrets of bootstrap tokens in a store, for the option `bootstrapTokens` of `createAuthenticator`, and for `bootstrapToken`. What any process with the same store creates, changes or
 * deletes counts as soon as the change arrives, also for a user that a cache remembers and for open connections.
 *
 * It resolves when it knows all of them, and follows their changes from then on. Look-ups are answered from memory alone, so that made-up tokens cost the store nothing. While the store cannot be
 * followed, it answers for `maxStalenessSeconds`; then every look-up is refused as `unavailable`, with a 503, until it heals.
 *
 * Of secrets in `kube-system` that are not bootstrap tokens, only the names are in memory.
 *
 * Source: kubernetes `plugin/pkg/auth/authenticator/token/bootstrap/bootstrap.go`.
 *
 * Deviation: a copy that is too old answers nothing (`docs/deviations.md`, copies of a store).
 *
 * @throws {ConfigurationError} if an option is invalid.
 * @throws {StoreError} `closed`
 * @example
 * const bootstrapTokens = await storedBootstrapTokens({ store, onError: console.error })
 * const authenticator = createAuthenticator({ bootstrapTokens })
 */
export async function storedBootstrapTokens(options: StoreCacheOptions): Promise<StoredBootstrapTokens> {
  checkOptions(storeCacheShape, options)
  const secretCopy = objectCopy(options, {
    resource: secrets,
    namespace: BOOTSTRAP_NAMESPACE,
    what: 'bootstrap tokens',
    read: bootstrapSecretOf,
  })
  const copy = await joinedCopies(secretCopy.cache)
  return Object.assign<StoreCopy, Omit<StoredBootstrapTokens, keyof StoreCopy>>(copy, {
    getSecret: (name) => secretCopy.find(BOOTSTRAP_NAMESPACE, name)?.secret,
    watchSecret: (name, onChange) => secretCopy.watch(BOOTSTRAP_NAMESPACE, name, onChange),
  })
}
