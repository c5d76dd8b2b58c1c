import type { Secret } from '../../internal/secret.ts'
import type { BootstrapSecretGetter } from './bootstrap-token.ts'
import { BOOTSTRAP_NAMESPACE } from './secret-fields.ts'

/** Bootstrap token secrets in memory. */
export interface BootstrapSecrets extends BootstrapSecretGetter {
  getSecret(name: string): Secret | undefined
  listSecrets(): Iterable<Secret>
  /** Adds a secret or replaces the one of the same name. Secrets of other namespaces are ignored. */
  putSecret(secret: Secret): void
  /** Deletes the secret of this name if it still has this uid and this version; a version that is `undefined` is not compared. */
  deleteSecret(
    name: string,
    precondition: { readonly uid: string | undefined; readonly resourceVersion?: string | undefined },
  ): void
}

/**
 * Secrets of `kube-system` in memory, for one process and for tests.
 *
 * @example
 * const secrets = bootstrapSecrets([secret])
 * const tokens = bootstrapToken({ secrets })
 */
export function bootstrapSecrets(initial: Iterable<Secret> = []): BootstrapSecrets {
  const byName = new Map<string, Secret>()
  const putSecret = (secret: Secret): void => {
    if (secret.namespace === BOOTSTRAP_NAMESPACE) byName.set(secret.name, secret)
  }
  for (const secret of initial) putSecret(secret)
  return {
    getSecret: (name) => byName.get(name),
    listSecrets: () => byName.values(),
    putSecret,
    deleteSecret(name, { uid, resourceVersion }) {
      const found = byName.get(name)
      if (found?.uid === uid && (resourceVersion ?? found?.resourceVersion) === found?.resourceVersion)
        byName.delete(name)
    },
  }
}
