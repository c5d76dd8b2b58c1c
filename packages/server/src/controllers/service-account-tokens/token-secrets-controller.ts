import { SERVICE_ACCOUNT_SECRET_TYPE, systemRandom } from '@kube-authn/core/internal'
import type { Secret } from '@kube-authn/core/bootstrap-token'
import type { KubeObject } from '../../registry/kube-object.ts'
import type { Registry } from '../../registry/registry.ts'
import { secrets, secretTypeOf } from '../../registry/resources/secrets.ts'
import { serviceAccounts } from '../../registry/resources/service-accounts.ts'
import type { SelectiveController } from '../loop/selective-controller.ts'
import type { ObjectKey } from '../object-controller.ts'
import { isTerminating } from '../registry-access.ts'
import { secretOf, serviceAccountOf } from '../../credentials/stored-credentials.ts'
import { checkSecret, seenSecretOf } from './check-secret.ts'
import { ensureSecret } from './check-service-account.ts'
import { registryTokenStore } from './registry-token-store.ts'
import { newTokenSecret, type TokenSecretContent } from './token-secret.ts'
import { tokenSecretIndex } from './token-secret-index.ts'

/** Options of {@link tokenSecretsController}. */
export interface TokenSecretsControllerOptions extends TokenSecretContent {
  readonly registry: Registry
  /** Whether each service account is given a secret. */
  readonly createSecrets: boolean
  /** Called if a secret that was created in vain could not be deleted again. */
  readonly onError: (error: unknown) => void
}

/**
 * The rules of `tokensController`, for the objects of the API server. It remembers which secrets name which service account, so that no change of one needs a
 * list of the other.
 *
 * Source: kubernetes `pkg/controller/serviceaccount/tokens_controller.go`.
 */
export function tokenSecretsController(options: TokenSecretsControllerOptions): SelectiveController {
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
