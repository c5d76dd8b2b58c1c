import {
  LEGACY_ISSUER,
  type ServiceAccount,
  serviceAccountUsername,
  type ObjectReference,
} from '@kube-authn/core/service-account'

/** The content of a token to be signed. */
export interface BoundTokenContent {
  readonly serviceAccount: Pick<ServiceAccount, 'namespace' | 'name' | 'uid'>
  /** The audiences. Empty: the API audiences of the server that verifies the token. */
  readonly audiences: readonly string[]
  readonly expirationSeconds: number
  /** After how many seconds the client should have renewed the token. */
  readonly warnAfterSeconds?: number
  readonly pod?: ObjectReference
  readonly secret?: ObjectReference
  /** Without a uid if the node was not found. */
  readonly node?: { readonly name: string; readonly uid?: string }
  /** The id of the token, `jti`. */
  readonly tokenId?: string
  /** Milliseconds since the epoch. */
  readonly nowMs: number
}

/** The claims of a bound token. */
export interface BoundTokenClaims {
  readonly sub: string
  readonly aud?: readonly string[]
  readonly iat: number
  readonly nbf: number
  readonly exp: number
  readonly jti?: string
  readonly 'kubernetes.io': Readonly<Record<string, unknown>>
}

/**
 * The claims of a token of the TokenRequest API, without the issuer, which is added when the token is signed.
 *
 * Source: kubernetes `pkg/serviceaccount/claims.go` (`Claims`).
 */
export function boundTokenClaims(content: BoundTokenContent): BoundTokenClaims {
  const { serviceAccount, audiences, expirationSeconds, warnAfterSeconds, pod, secret, node, tokenId } =
    content
  const { namespace, name, uid } = serviceAccount
  const now = Math.floor(content.nowMs / 1000)
  return {
    sub: serviceAccountUsername(namespace, name),
    ...(audiences.length > 0 && { aud: audiences }),
    iat: now,
    nbf: now,
    exp: now + expirationSeconds,
    ...(tokenId !== undefined && { jti: tokenId }),
    'kubernetes.io': {
      namespace,
      serviceaccount: { name, uid },
      ...(pod && { pod: reference(pod) }),
      ...(secret && { secret: reference(secret) }),
      ...(node && { node: reference(node) }),
      ...(warnAfterSeconds !== undefined && { warnafter: now + warnAfterSeconds }),
    },
  }
}

/**
 * The claims of a token in a secret.
 *
 * Source: kubernetes `pkg/serviceaccount/legacy.go` (`LegacyClaims`).
 */
export function legacyTokenClaims(
  serviceAccount: Pick<ServiceAccount, 'namespace' | 'name' | 'uid'>,
  secretName: string,
): Readonly<Record<string, string>> {
  const { namespace, name, uid } = serviceAccount
  return {
    iss: LEGACY_ISSUER,
    sub: serviceAccountUsername(namespace, name),
    'kubernetes.io/serviceaccount/namespace': namespace,
    'kubernetes.io/serviceaccount/service-account.name': name,
    'kubernetes.io/serviceaccount/service-account.uid': uid,
    'kubernetes.io/serviceaccount/secret.name': secretName,
  }
}

function reference({ name, uid }: { readonly name: string; readonly uid?: string }): object {
  return uid === undefined ? { name } : { name, uid }
}
