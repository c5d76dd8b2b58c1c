import { refuseProblems, withMethods } from '@kube-authn/core/internal'
import type { BootstrapTokenOptions, Secret } from '@kube-authn/core/bootstrap-token'
import type { LegacyTokenObjects, ServiceAccountObjects } from '@kube-authn/core/service-account'
import { meets } from '../registry/check-object.ts'
import type { KubeObject } from '../registry/kube-object.ts'
import { registry } from '../registry/registry.ts'
import type { Resource } from '../registry/resource.ts'
import { nodes, pods } from '../registry/resources/plain.ts'
import { secrets } from '../registry/resources/secrets.ts'
import { serviceAccounts } from '../registry/resources/service-accounts.ts'
import { ignoreMissing } from '../registry/status-errors.ts'
import { fromStored, keyOf } from '../registry/stored-objects.ts'
import { isStoreError, type ObjectStore } from '@kube-authn/store'
import { identityOf, podOf, secretOf, serviceAccountOf } from './stored-credentials.ts'

/** The objects in a store that credentials refer to. */
export interface CredentialObjects {
  /** For `serviceAccountToken`, `legacyServiceAccountToken` and `tokenIssuer`. */
  readonly serviceAccounts: Omit<ServiceAccountObjects & Required<LegacyTokenObjects>, 'watchObject'>
  /** For `bootstrapToken`: the secrets in `kube-system`. */
  readonly bootstrapSecrets: BootstrapTokenOptions['secrets']
}

const aStore = withMethods('a store of objects', 'get', 'update')

/**
 * The service accounts, secrets, pods and nodes of a store, for the issuer of tokens, and for authenticators of tokens. Each look-up is one `get` of the store, so what was
 * deleted or changed counts at once, except for users that a cache remembers. Authenticators of many requests better have `storedServiceAccounts` and `storedBootstrapTokens`.
 *
 * @throws {ConfigurationError} if it is not a store.
 * @example
 * const { serviceAccounts, bootstrapSecrets } = credentialObjects(store)
 * const tokens = union(
 *   serviceAccountToken({ issuers: [issuer], keys, objects: serviceAccounts }),
 *   bootstrapToken({ secrets: bootstrapSecrets }),
 * )
 */
export function credentialObjects(store: ObjectStore): CredentialObjects {
  refuseProblems(aStore(store, 'store'))
  const objects = registry({ store, resources: [secrets] })

  const find = async <T>(
    resource: Resource,
    read: (object: KubeObject) => T,
    namespace: string,
    name: string,
  ): Promise<T | undefined> => {
    const stored = await store.get(keyOf(resource, namespace, name)).catch((thrown: unknown) => {
      // A name that no object can have, such as one of 2,000 characters.
      if (!isStoreError(thrown, 'invalidObject')) throw thrown
    })
    const found = stored && fromStored(stored, stored.revision)
    // A name with a slash could lead to an object in another namespace.
    const isMeant = found?.metadata.name === name && (found.metadata.namespace ?? '') === namespace
    return isMeant ? read(found) : undefined
  }

  const getSecret = (namespace: string, name: string): Promise<Secret | undefined> =>
    find(secrets, secretOf, namespace, name)

  return {
    bootstrapSecrets: { getSecret: (name) => getSecret('kube-system', name) },
    serviceAccounts: {
      getSecret,
      getServiceAccount: (namespace, name) => find(serviceAccounts, serviceAccountOf, namespace, name),
      getPod: (namespace, name) => find(pods, podOf, namespace, name),
      getNode: (name) => find(nodes, identityOf, '', name),

      async labelSecret(namespace, name, label, value, precondition) {
        const labelled = (old: KubeObject): KubeObject => {
          const { metadata } = old
          const labels = { ...metadata.labels, [label]: value }
          return meets(old, precondition) ? { ...old, metadata: { ...metadata, labels } } : old
        }
        await objects.update({ resource: secrets, namespace, name }, labelled).catch(ignoreMissing)
      },
    },
  }
}
