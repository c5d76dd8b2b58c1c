import type { Secret } from '@kube-authn/core/bootstrap-token'
import { systemRandom } from '@kube-authn/core/internal'
import { SERVICE_ACCOUNT_SECRET_TYPE } from '@kube-authn/core/service-account'
import { secretOf, serviceAccountOf } from '../../credentials/stored-credentials.ts'
import type { KubeObject } from '../../registry/kube-object.ts'
import type { Registry } from '../../registry/registry.ts'
import { secrets, secretTypeOf } from '../../registry/resources/secrets.ts'
import { serviceAccounts } from '../../registry/resources/service-accounts.ts'
import type { ObjectController, ObjectKey } from '../object-controller.ts'
import { isTerminating } from '../registry-access.ts'
import {
  checkSecret,
  ensureSecret,
  type SeenSecret,
  seenSecretOf,
  newTokenSecret,
  type TokenSecretContent,
} from './check-secret.ts'
import { registryTokenStore } from './registry-token-store.ts'

export interface TokenSecretsControllerOptions extends TokenSecretContent {
  readonly registry: Registry
  /** Whether each service account is given a secret. */
  readonly createSecrets: boolean
  /** Called if a secret that was created in vain could not be deleted again. */
  readonly onError: (error: unknown) => void
}

/**
 * Manages secrets of type `kubernetes.io/service-account-token`. A secret that names a service account is given a token, the namespace and
 * the root CA; it is deleted if that service account does not exist. References to deleted secrets are removed from service accounts.
 *
 * An object is changed only if its version is as it was read, and deleted only if its uid is. It remembers which secrets name which service account, so that no change of one needs a
 * list of the other.
 *
 * Source: kubernetes `pkg/controller/serviceaccount/tokens_controller.go`.
 */
export function tokenSecretsController(options: TokenSecretsControllerOptions): ObjectController {
  const { registry, createSecrets } = options
  const store = registryTokenStore(registry)
  const index = tokenSecretIndex()

  const reconcileSecret = async ({ namespace, name }: ObjectKey, object: KubeObject | undefined) => {
    const seen = object && seenSecretOf(secretOf(object))
    if (seen !== undefined) {
      // Before the service account is read: if that is deleted from now on, the secret is found here.
      index.add(seen)
      await checkSecret(seen, store, options)
      return
    }
    const before = index.get(namespace, name)
    if (before !== undefined) await checkSecret(before, store, options)
    index.remove(namespace, name)
  }

  const reconcileServiceAccount = async ({ namespace, name }: ObjectKey, object: KubeObject | undefined) => {
    for (const seen of index.of(namespace, name)) await checkSecret(seen, store, options)
    if (object === undefined || !createSecrets) return
    const account = serviceAccountOf(object)
    try {
      const newSecret = (): Promise<Secret> => newTokenSecret(account, options, systemRandom)
      await ensureSecret(account, store, newSecret, options.onError)
    } catch (thrown) {
      if (!isTerminating(thrown)) throw thrown
    }
  }

  return {
    name: 'serviceaccount-token-controller',
    resources: [serviceAccounts, secrets],
    concerns({ resource, namespace, name }, object) {
      if (resource === serviceAccounts) return createSecrets || index.hasAny(namespace, name)
      if (object !== undefined && secretTypeOf(object) === SERVICE_ACCOUNT_SECRET_TYPE) return true
      return index.get(namespace, name) !== undefined
    },
    async reconcile(key, object) {
      await (key.resource === secrets ? reconcileSecret(key, object) : reconcileServiceAccount(key, object))
      return {}
    },
  }
}

/** Token secrets by the service account that they name: what is needed to go on when one of them is gone. */
interface TokenSecretIndex {
  add(secret: SeenSecret): void
  remove(namespace: string, name: string): void
  /** The secret as it was last seen; `undefined` if it is none, or was never seen. */
  get(namespace: string, name: string): SeenSecret | undefined
  /** The secrets that name a service account. */
  of(namespace: string, accountName: string): Iterable<SeenSecret>
  /** Whether a secret names this service account. */
  hasAny(namespace: string, accountName: string): boolean
}

/** An index that is empty at first. */
export function tokenSecretIndex(): TokenSecretIndex {
  const seenSecrets = new Map<string, SeenSecret>()
  const byAccount = new Map<string, Map<string, SeenSecret>>()

  const remove = (namespace: string, name: string): void => {
    const id = idOf(namespace, name)
    const seen = seenSecrets.get(id)
    if (seen === undefined) return
    seenSecrets.delete(id)
    const account = idOf(namespace, seen.accountName)
    const others = byAccount.get(account)
    others?.delete(id)
    if (others?.size === 0) byAccount.delete(account)
  }

  return {
    add(secret) {
      const { namespace, name, accountName } = secret
      remove(namespace, name)
      const id = idOf(namespace, name)
      const account = idOf(namespace, accountName)
      const ofAccount = byAccount.get(account) ?? new Map<string, SeenSecret>()
      byAccount.set(account, ofAccount.set(id, secret))
      seenSecrets.set(id, secret)
    },
    remove,
    get: (namespace, name) => seenSecrets.get(idOf(namespace, name)),
    of: (namespace, accountName) => [...(byAccount.get(idOf(namespace, accountName))?.values() ?? [])],
    hasAny: (namespace, accountName) => byAccount.has(idOf(namespace, accountName)),
  }
}

/** A namespace contains no slash. */
function idOf(namespace: string, name: string): string {
  return `${namespace}/${name}`
}
