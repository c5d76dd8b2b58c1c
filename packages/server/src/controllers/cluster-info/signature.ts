import { base64urlOf, hmacSha256, keyedDigest, sha256 } from '@kube-authn/core/internal'
import type { BootstrapTokenParts } from '@kube-authn/core/bootstrap-token'

/**
 * Signs the kubeconfig of `kube-public/cluster-info` with a token: a detached JWS in compact serialization, HS256. It proves to a holder of
 * the token that the kubeconfig comes from a cluster with the same token. A lone surrogate is signed as U+FFFD.
 *
 * Source: cluster-bootstrap `token/jws/jws.go` (`ComputeDetachedSignature`); RFC 7515 appendix F.
 *
 * @example
 * const signature = signClusterInfo(kubeconfig, { id: 'abcdef', secret: '0123456789abcdef' })
 */
export function signClusterInfo(kubeconfig: string, token: BootstrapTokenParts): string {
  return clusterInfoSigning(kubeconfig)(token)
}

/**
 * Verifies the signature of a kubeconfig with a token. A machine that joins a cluster does this before it trusts the API server. The result
 * is only as trustworthy as the token; read it with {@link parseBootstrapToken}.
 *
 * Source: cluster-bootstrap `token/jws/jws.go` (`DetachedTokenIsValid`).
 *
 * @example
 * const token = parseBootstrapToken('abcdef.0123456789abcdef')
 * const isGenuine = token !== undefined && verifyClusterInfo(data.kubeconfig, data['jws-kubeconfig-abcdef'], token)
 */
export function verifyClusterInfo(
  kubeconfig: string,
  signature: string,
  token: BootstrapTokenParts,
): boolean {
  // Lone surrogates are signed as U+FFFD, so the signature would also match another string.
  if (!kubeconfig.isWellFormed()) return false
  const digest = keyedDigest(sha256)
  return digest(signature) === digest(signClusterInfo(kubeconfig, token))
}

/** Returns a function that signs the kubeconfig with a token. */
export function clusterInfoSigning(kubeconfig: string): (token: BootstrapTokenParts) => string {
  const payload = base64urlOf(utf8.encode(kubeconfig))
  return ({ id, secret }) => {
    const header = base64urlOf(utf8.encode(JSON.stringify({ alg: 'HS256', kid: id })))
    const mac = hmacSha256(utf8.encode(secret), `${header}.${payload}`)
    return `${header}..${base64urlOf(Uint8Array.from(mac, (character) => character.charCodeAt(0)))}`
  }
}

const utf8 = new TextEncoder()
