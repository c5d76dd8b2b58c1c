import { tell } from '@kube-authn/core/internal'
import { isServiceAccountToken, type ServiceAccount } from '@kube-authn/core/service-account'
import type { Secret } from '@kube-authn/core/bootstrap-token'
import type { TokenStore } from './registry-token-store.ts'

/** Builds a secret for a service account. */
export type SecretMaker = (account: ServiceAccount) => Promise<Secret>

/**
 * Gives a service account a secret, unless it references one already.
 *
 * Source: kubernetes `pkg/controller/serviceaccount/tokens_controller.go` (`ensureReferencedToken`), until 1.23.
 *
 * @param onError called if a secret that is not referenced could not be deleted again.
 */
export async function ensureSecret(
  account: ServiceAccount,
  store: TokenStore,
  newSecret: SecretMaker,
  onError: ((error: unknown) => void) | undefined,
): Promise<void> {
  const { namespace, name, uid, resourceVersion, secrets = [] } = account
  for (const referenced of secrets) {
    const secret = await store.getSecret(namespace, referenced)
    if (secret !== undefined && isServiceAccountToken(secret, account)) return
  }

  const created = await store.createSecret(await newSecret(account))
  const references = [...secrets, created.name]
  try {
    if (await store.setSecretReferences(namespace, name, references, { uid, resourceVersion })) return
  } catch (error) {
    await takeBack(created, account, store, onError)
    throw error
  }
  await takeBack(created, account, store, onError)
}

/** Deletes a secret as it was created, once it is known that its service account does not reference it: a failure alone does not tell. */
async function takeBack(
  { namespace, name, uid, resourceVersion }: Secret,
  account: ServiceAccount,
  store: TokenStore,
  onError: ((error: unknown) => void) | undefined,
): Promise<void> {
  try {
    const present = await store.getServiceAccount(namespace, account.name)
    if (present?.uid === account.uid && present?.secrets?.includes(name) === true) return
    await store.deleteSecret(namespace, name, { uid, resourceVersion })
  } catch (error) {
    tell(onError, error)
  }
}
