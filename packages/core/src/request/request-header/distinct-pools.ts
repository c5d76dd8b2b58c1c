import { ConfigurationError } from '../../authenticator/errors.ts'
import { isSameBytes } from '@kube-authn/internal/bytes'
import type { CertificatePool } from '@kube-authn/x509'

/**
 * Ensures that no CA is trusted for both users and proxies: otherwise a user could be accepted as the proxy and impersonate any user, or
 * the proxy could be accepted as a user. CAs with the same key are the same.
 *
 * Deviation: kube-apiserver refuses it only if no proxy name is configured (`docs/deviations.md`, distinct CAs).
 *
 * @throws {ConfigurationError} if a key is in both.
 */
export function assertDistinctPools(clientCa: CertificatePool, requestHeaderCa: CertificatePool): void {
  const isShared = clientCa.certificates.some((one) =>
    requestHeaderCa.certificates.some((other) => isSameBytes(one.publicKey.spki, other.publicKey.spki)),
  )
  if (!isShared) return
  const message =
    'has a CA in common with the CA of client certificates: give proxies a CA of their own, which signs no users'
  throw new ConfigurationError([{ path: 'requestHeader', message }])
}
