import type { Secret } from '@kube-authn/core/bootstrap-token'
import { tell, valueOf } from '@kube-authn/core/internal'
import {
  isServiceAccountToken,
  SERVICE_ACCOUNT_NAME_ANNOTATION,
  SERVICE_ACCOUNT_SECRET_TYPE,
  SERVICE_ACCOUNT_UID_ANNOTATION,
  type ServiceAccount,
} from '@kube-authn/core/service-account'
import type { TokenStore, SecretPatch } from './registry-token-store.ts'
import type { SigningKey } from '@kube-authn/issuer'
import { legacyTokenClaims, signToken } from '@kube-authn/issuer/internal'
import { generateName } from '../../registry/generate-name.ts'

/** A token secret and the service account that it names. */
export interface SeenSecret {
  readonly namespace: string
  readonly name: string
  readonly uid: string | undefined
  readonly accountName: string
  /** `''` for any. */
  readonly accountUid: string
}

/** The relevant fields of a secret; `undefined` if it is not a token secret or names no service account. */
export function seenSecretOf({ namespace, name, uid, type, annotations }: Secret): SeenSecret | undefined {
  const accountName = valueOf(annotations, SERVICE_ACCOUNT_NAME_ANNOTATION)
  if (type !== SERVICE_ACCOUNT_SECRET_TYPE || accountName === '') return undefined
  return {
    namespace,
    name,
    uid,
    accountName,
    accountUid: valueOf(annotations, SERVICE_ACCOUNT_UID_ANNOTATION),
  }
}

/**
 * Completes a token secret, deletes it if its service account does not exist, and removes the reference to it if it was deleted.
 *
 * Source: kubernetes `pkg/controller/serviceaccount/tokens_controller.go` (`syncSecret`).
 */
export async function checkSecret(
  seen: SeenSecret,
  store: TokenStore,
  content: TokenSecretContent,
): Promise<void> {
  const { namespace, name } = seen
  const secret = await store.getSecret(namespace, name)
  if (secret === undefined || (seen.uid !== undefined && secret.uid !== seen.uid)) {
    await removeReference(seen, store)
    return
  }
  // It may name another service account now.
  const present = seenSecretOf(secret)
  if (present === undefined) return
  const { uid, resourceVersion } = secret
  const account = await accountOf(present, store)
  if (account === undefined) {
    await store.deleteSecret(namespace, name, { uid, resourceVersion })
    return
  }
  const patch = await missingParts(secret, account, content)
  if (patch !== undefined) await store.patchSecret(namespace, name, patch, { uid, resourceVersion })
}

/** The service account that a secret names, if its uid still matches. */
export async function accountOf(
  { namespace, accountName, accountUid }: SeenSecret,
  store: TokenStore,
): Promise<ServiceAccount | undefined> {
  const account = await store.getServiceAccount(namespace, accountName)
  return accountUid === '' || account?.uid === accountUid ? account : undefined
}

/** Retries conflicts at once: no later event would report the remaining reference. */
async function removeReference(seen: SeenSecret, store: TokenStore): Promise<void> {
  for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
    const account = await accountOf(seen, store)
    if (account?.secrets?.includes(seen.name) !== true) return
    const { namespace, name, uid, resourceVersion } = account
    const others = account.secrets.filter((secret) => secret !== seen.name)
    if (await store.setSecretReferences(namespace, name, others, { uid, resourceVersion })) return
  }
  throw new Error('a reference to a deleted secret could not be removed: its service account keeps changing')
}

const MAX_ATTEMPTS = 10

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
  let isReferenced = false
  try {
    isReferenced = await store.setSecretReferences(namespace, name, references, { uid, resourceVersion })
  } finally {
    if (!isReferenced) await takeBack(created, account, store, onError)
  }
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

export interface TokenSecretContent {
  readonly key: SigningKey
  /** `''` for none. */
  readonly rootCA: string
}

const TokenField = { token: 'token', namespace: 'namespace', rootCA: 'ca.crt' } as const

/**
 * The patch for what a secret of this service account lacks: a token, the namespace, or the root CA. Returns `undefined` if it lacks
 * nothing; its annotations are not checked then.
 *
 * Source: kubernetes `pkg/controller/serviceaccount/tokens_controller.go` (`generateTokenIfNeeded`).
 */
async function missingParts(
  secret: Secret,
  account: ServiceAccount,
  { key, rootCA }: TokenSecretContent,
): Promise<SecretPatch | undefined> {
  const lacks = (field: string): boolean => valueOf(secret.data, field) === ''
  const needsRootCA = rootCA !== '' && valueOf(secret.data, TokenField.rootCA) !== rootCA
  const needsNamespace = lacks(TokenField.namespace)
  const needsToken = lacks(TokenField.token)
  if (!needsRootCA && !needsNamespace && !needsToken) return undefined
  return {
    data: {
      ...(needsRootCA && { [TokenField.rootCA]: rootCA }),
      ...(needsNamespace && { [TokenField.namespace]: secret.namespace }),
      ...(needsToken && {
        [TokenField.token]: await signToken(key, legacyTokenClaims(account, secret.name)),
      }),
    },
    annotations: annotationsOf(account),
  }
}

/**
 * Builds a secret with a token for this service account, named `<name>-token-xxxxx`.
 *
 * Source: kubernetes `pkg/controller/serviceaccount/tokens_controller.go` (`ensureReferencedToken`), until 1.23.
 */
export async function newTokenSecret(
  account: ServiceAccount,
  { key, rootCA }: TokenSecretContent,
  random: () => number,
): Promise<Secret> {
  const name = generateName(`${account.name}-token-`, random)
  return {
    namespace: account.namespace,
    name,
    type: SERVICE_ACCOUNT_SECRET_TYPE,
    annotations: annotationsOf(account),
    data: {
      [TokenField.token]: await signToken(key, legacyTokenClaims(account, name)),
      [TokenField.namespace]: account.namespace,
      ...(rootCA !== '' && { [TokenField.rootCA]: rootCA }),
    },
  }
}

function annotationsOf({ name, uid }: ServiceAccount): Readonly<Record<string, string>> {
  return { [SERVICE_ACCOUNT_NAME_ANNOTATION]: name, [SERVICE_ACCOUNT_UID_ANNOTATION]: uid }
}
