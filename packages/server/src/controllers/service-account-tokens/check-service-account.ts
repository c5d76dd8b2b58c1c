import { report, valueOf } from '@kube-authn/core/internal'
import {
  isServiceAccountToken,
  SERVICE_ACCOUNT_UID_ANNOTATION,
  type ServiceAccount,
} from '@kube-authn/core/service-account'
import type { Secret } from '@kube-authn/core/bootstrap-token'
import type { TokensControllerStore } from '../stores.ts'

/** Identifies a service account by name and uid. */
export type SeenServiceAccount = Pick<ServiceAccount, 'namespace' | 'name' | 'uid'>

/** Builds a secret for a service account. */
export type SecretMaker = (account: ServiceAccount) => Promise<Secret>

/**
 * Deletes the secrets of a deleted service account. Ensures that an existing one has a secret, if `newSecret` is given.
 *
 * Source: kubernetes `pkg/controller/serviceaccount/tokens_controller.go` (`syncServiceAccount`).
 *
 * @param newSecret builds the secret that every service account is given. Absent: they are given none.
 */
export async function checkServiceAccount(
  seen: SeenServiceAccount,
  store: TokensControllerStore,
  newSecret: SecretMaker | undefined,
  onError: ((error: unknown) => void) | undefined,
): Promise<void> {
  const account = await store.getServiceAccount(seen.namespace, seen.name)
  if (account === undefined || account.uid !== seen.uid) {
    await deleteSecrets(seen, account, store)
  } else if (newSecret !== undefined) {
    await ensureSecret(account, store, newSecret, onError)
  }
}

async function deleteSecrets(
  seen: SeenServiceAccount,
  successor: ServiceAccount | undefined,
  store: TokensControllerStore,
): Promise<void> {
  const errors: unknown[] = []
  for await (const secret of await store.listSecrets(seen.namespace)) {
    // A secret without a uid belongs to the new service account of the same name.
    const isOfSuccessor =
      successor !== undefined && valueOf(secret.annotations, SERVICE_ACCOUNT_UID_ANNOTATION) === ''
    if (isOfSuccessor || !isServiceAccountToken(secret, seen)) continue
    try {
      const { uid, resourceVersion } = secret
      await store.deleteSecret(secret.namespace, secret.name, { uid, resourceVersion })
    } catch (error) {
      errors.push(error)
    }
  }
  if (errors.length > 0)
    throw new AggregateError(errors, 'some secrets of a deleted service account could not be deleted')
}

/**
 * Gives a service account a secret, unless it references one already.
 *
 * @param onError called if a secret that is not referenced could not be deleted again.
 */
export async function ensureSecret(
  account: ServiceAccount,
  store: TokensControllerStore,
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
  store: TokensControllerStore,
  onError: ((error: unknown) => void) | undefined,
): Promise<void> {
  try {
    const present = await store.getServiceAccount(namespace, account.name)
    if (present?.uid === account.uid && present?.secrets?.includes(name) === true) return
    await store.deleteSecret(namespace, name, { uid, resourceVersion })
  } catch (error) {
    report(onError, error)
  }
}
