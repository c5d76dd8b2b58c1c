import { report } from '../../internal/report.ts'
import { type Secret, valueOf } from '../../internal/secret.ts'
import type { ServiceAccount } from '../service-account/objects.ts'
import { isServiceAccountToken, SERVICE_ACCOUNT_UID_ANNOTATION } from '../service-account/username.ts'
import type { TokensControllerStore } from './store.ts'

/** Which service account is meant: that of this uid, and no other of its name. */
export type SeenServiceAccount = Pick<ServiceAccount, 'namespace' | 'name' | 'uid'>

/** Makes a secret for a service account. */
export type SecretMaker = (account: ServiceAccount) => Promise<Secret>

/**
 * Deletes the secrets of a service account that is gone. Of one that is there, it makes sure that it has one, if that is wanted.
 *
 * Source: kubernetes `pkg/controller/serviceaccount/tokens_controller.go` (`syncServiceAccount`).
 *
 * @param newSecret makes the secret that every service account is to have. Absent: they need none.
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
  for (const secret of await store.listSecrets(seen.namespace)) {
    // What does not say which one it means is for the one that is there.
    const isOfSuccessor =
      successor !== undefined && valueOf(secret.annotations, SERVICE_ACCOUNT_UID_ANNOTATION) === ''
    if (isOfSuccessor || !isServiceAccountToken(secret, seen)) continue
    try {
      await store.deleteSecret(secret.namespace, secret.name, { uid: secret.uid })
    } catch (error) {
      errors.push(error)
    }
  }
  if (errors.length > 0) throw new AggregateError(errors, 'secrets of a deleted service account are left')
}

/** One secret with a token that it names itself is enough. */
async function ensureSecret(
  account: ServiceAccount,
  store: TokensControllerStore,
  newSecret: SecretMaker,
  onError: ((error: unknown) => void) | undefined,
): Promise<void> {
  const { namespace, name, uid, resourceVersion, secrets = [] } = account
  if (secrets.length > 0) {
    const referenced = new Set(secrets)
    for (const secret of await store.listSecrets(namespace)) {
      if (referenced.has(secret.name) && isServiceAccountToken(secret, account)) return
    }
  }

  const created = await store.createSecret(await newSecret(account))
  const undo = async (): Promise<void> => {
    try {
      await store.deleteSecret(namespace, created.name, { uid: created.uid })
    } catch (error) {
      report(onError, error)
    }
  }
  let isReferenced: boolean
  try {
    const references = [...secrets, created.name]
    isReferenced = await store.setSecretReferences(namespace, name, references, { uid, resourceVersion })
  } catch (error) {
    await undo()
    throw error
  }
  if (!isReferenced) await undo()
}
