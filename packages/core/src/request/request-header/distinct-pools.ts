import { ConfigurationError } from '../../authenticator/errors.ts'
import { isSameBytes } from '../../internal/x509/der/bytes.ts'
import type { CertificatePool } from '../../internal/x509/index.ts'

/**
 * Makes sure that no CA is trusted both to sign users and to sign proxies: with one, a user could be taken for the proxy and then
 * be anybody, or the proxy for a user. CAs are the same when their keys are.
 *
 * Deviation: kube-apiserver refuses it only where no proxy is named (`docs/deviations.md`, distinct CAs).
 *
 * @throws {ConfigurationError} when a key is in both.
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
