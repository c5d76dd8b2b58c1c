import {
  SERVICE_ACCOUNT_NAME_ANNOTATION,
  SERVICE_ACCOUNT_SECRET_TYPE,
  SERVICE_ACCOUNT_UID_ANNOTATION,
  type ServiceAccount,
} from '@kube-authn/core/service-account'
import type { SigningKey } from '@kube-authn/issuer'
import { legacyTokenClaims, signToken } from '@kube-authn/issuer/internal'
import { valueOf } from '@kube-authn/core/internal'
import type { Secret } from '@kube-authn/core/bootstrap-token'
import { generateName } from '../../registry/generate-name.ts'
import type { SecretPatch } from './registry-token-store.ts'

/** The content of token secrets. */
export interface TokenSecretContent {
  readonly key: SigningKey
  /** `''` for none. */
  readonly rootCA: string
}

/** The keys of a token secret. */
const TokenField = { token: 'token', namespace: 'namespace', rootCA: 'ca.crt' } as const

/**
 * The patch for what a secret of this service account lacks: a token, the namespace, or the root CA. Returns `undefined` if it lacks
 * nothing; its annotations are not checked then.
 *
 * Source: kubernetes `pkg/controller/serviceaccount/tokens_controller.go` (`generateTokenIfNeeded`).
 */
export async function missingParts(
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
