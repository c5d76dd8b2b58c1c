import { hmacSha256 } from '#sha256'
import { keyedDigest } from '../../internal/digest/keyed-digest.ts'
import { base64urlOf } from '../../internal/base64url.ts'
import type { BootstrapTokenParts } from './token-format.ts'

/**
 * The signature of a token under the kubeconfig of `kube-public/cluster-info`: a JWS in compact form, HS256, without its payload. Who
 * has the token can tell by it that the kubeconfig comes from a cluster that has the token too. A lone surrogate counts as U+FFFD.
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
 * Whether this is the signature of the token under the kubeconfig: what a machine that joins asks before it believes an API server that it
 * knows nothing of. It is only as good as the token, which {@link parseBootstrapToken} reads.
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
  // The signature of such a text is that of another one as well.
  if (!kubeconfig.isWellFormed()) return false
  const digest = keyedDigest()
  return digest(signature) === digest(signClusterInfo(kubeconfig, token))
}

/** Signs one kubeconfig with as many tokens as there are. */
export function clusterInfoSigning(kubeconfig: string): (token: BootstrapTokenParts) => string {
  const payload = base64urlOf(utf8.encode(kubeconfig))
  return ({ id, secret }) => {
    const header = base64urlOf(utf8.encode(JSON.stringify({ alg: 'HS256', kid: id })))
    const mac = hmacSha256(utf8.encode(secret), utf8.encode(`${header}.${payload}`))
    return `${header}..${base64urlOf(Uint8Array.from(mac, (character) => character.charCodeAt(0)))}`
  }
}

const utf8 = new TextEncoder()
