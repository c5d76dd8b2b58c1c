import { checkOptions, type OptionsShape, required } from '@kube-authn/core/adapter'
import { withMethods } from '@kube-authn/core/internal'
import type { LegacyTokenObjects, ServiceAccountObjects } from '@kube-authn/core/service-account'
import { nodes, pods } from '../registry/resources/plain.ts'
import { secrets } from '../registry/resources/secrets.ts'
import { serviceAccounts } from '../registry/resources/service-accounts.ts'
import {
  joinedCopies,
  type StoreCacheOptions,
  storeCacheShape,
  type StoreCopy,
} from '@kube-authn/store/internal'
import { credentialObjects } from './credential-objects.ts'
import { objectCopy } from './object-copy.ts'
import { identityOf, podOf, serviceAccountOf, tokenSecretOf } from './stored-credentials.ts'

/** The objects that service account tokens refer to, from memory. */
export interface StoredServiceAccounts
  extends Required<ServiceAccountObjects>, Required<LegacyTokenObjects>, StoreCopy {}

const shape: OptionsShape<StoreCacheOptions> = {
  ...storeCacheShape,
  store: required(withMethods('a store of objects', 'get', 'list', 'update', 'watch', 'revision')),
}

/**
 * The service accounts, secrets, pods and nodes in a store, for the option `serviceAccounts` of `createAuthenticator`, `serviceAccountToken` and `legacyServiceAccountToken`. What
 * any process with the same store creates, changes or deletes counts as soon as the change arrives, also for a user that a cache remembers and for open connections.
 *
 * It resolves when it knows all of them, and follows their changes from then on. Look-ups are answered from memory; an object that is not there is asked for in the store, since its
 * creation may not have arrived. While the store cannot be followed, it answers for `maxStalenessSeconds`; then every look-up is refused as `unavailable`, with a 503, until it heals. So
 * is one of an object that cannot be read.
 *
 * In memory are names, uids, references, and the tokens in secrets of service accounts; of other secrets only name and uid.
 *
 * Source: kubernetes `pkg/controller/serviceaccount/tokengetter.go`.
 *
 * Deviation: a copy that is too old answers nothing (`docs/deviations.md`, copies of a store).
 *
 * @throws {ConfigurationError} if an option is invalid.
 * @throws {StoreError} `closed`
 * @example
 * const objects = await storedServiceAccounts({ store, onError: console.error })
 * const authenticator = createAuthenticator({ serviceAccounts: { issuers: [issuer], keys, objects } })
 */
export async function storedServiceAccounts(options: StoreCacheOptions): Promise<StoredServiceAccounts> {
  checkOptions(shape, options)
  const { serviceAccounts: inStore } = credentialObjects(options.store)
  const ServiceAccount = objectCopy(options, {
    resource: serviceAccounts,
    what: 'service accounts',
    read: serviceAccountOf,
  })
  const Secret = objectCopy(options, { resource: secrets, what: 'secrets', read: tokenSecretOf })
  const Pod = objectCopy(options, { resource: pods, what: 'pods', read: podOf })
  const Node = objectCopy(options, { resource: nodes, what: 'nodes', read: identityOf })
  const byKind = { ServiceAccount, Secret, Pod, Node }
  const copy = await joinedCopies(...Object.values(byKind).map(({ cache }) => cache))

  return Object.assign<StoreCopy, Omit<StoredServiceAccounts, keyof StoreCopy>>(copy, {
    getServiceAccount: (namespace, name) =>
      ServiceAccount.find(namespace, name) ?? inStore.getServiceAccount(namespace, name),
    getSecret: (namespace, name) => Secret.find(namespace, name) ?? inStore.getSecret(namespace, name),
    getPod: (namespace, name) => Pod.find(namespace, name) ?? inStore.getPod(namespace, name),
    getNode: (name) => Node.find('', name) ?? inStore.getNode(name),
    labelSecret: inStore.labelSecret,
    watchObject: ({ kind, namespace, name }, onChange) => byKind[kind].watch(namespace, name, onChange),
  })
}
