import { ambientCredential } from '../cross-site/ambient-credential.ts'
import type { Authentication, Authenticator } from '../../authenticator/authenticator.ts'
import { rejected } from '../../authenticator/errors.ts'
import { userInfo } from '../../authenticator/user.ts'
import { parseDistinguishedName } from './distinguished-name.ts'
import { type TlsClientAuth, verifiedTlsClientAuth } from './tls-client-auth.ts'

/** kube-apiserver's key in `extra` that identifies a credential. */
const CREDENTIAL_ID = 'authentication.kubernetes.io/credential-id'

/**
 * Authenticates users by client certificates that Cloudflare verified, on Workers with mTLS. As in Kubernetes, the username is the last
 * common name of the subject, and the groups are its organizations in order. It has no opinion on a certificate without a common name.
 *
 * Cloudflare alone decides which authorities are trusted (API Shield, "client certificates"), and provides the subject as a string. To
 * use your own authorities, use `cloudflareCertificates` with a client certificate authenticator.
 *
 * Source: Cloudflare, "Client certificate variables"; apiserver `pkg/authentication/request/x509`.
 *
 * @example
 * new Hono().use(authentication(cloudflareClientCertificate()))
 */
export function cloudflareClientCertificate(): Authenticator {
  return ambientCredential({
    name: 'cloudflareClientCertificate',
    credentials: { schemes: [], tlsClientAuth: true, known: [() => [{ type: 'clientCertificate' }]] },
    authenticate(request) {
      const told = verifiedTlsClientAuth(request)
      return told === undefined ? undefined : authenticationOf(told)
    },
  })
}

function authenticationOf(told: TlsClientAuth): Authentication | undefined {
  const { certSubjectDNRFC2253: precise, certSubjectDN: display, certFingerprintSHA256: fingerprint } = told
  const subject = precise === undefined || precise === '' ? display : precise
  if (typeof subject !== 'string')
    throw rejected('Cloudflare does not provide the subject of the client certificate')
  const attributes = parseDistinguishedName(subject)
  if (attributes === undefined) throw rejected('the subject of the client certificate cannot be read')
  const valuesOf = (type: string): readonly string[] =>
    attributes
      .filter((attribute) => attribute.type === type)
      .map(({ value }) => {
        if (value === undefined) throw rejected(`the ${type} of the client certificate is not a string`)
        return value
      })
  const username = valuesOf('CN').at(-1) ?? ''
  if (username === '') return undefined
  const isDigest = typeof fingerprint === 'string' && /^[\dA-Fa-f]{64}$/.test(fingerprint)
  return {
    user: userInfo({
      username,
      groups: valuesOf('O'),
      ...(isDigest && { extra: { [CREDENTIAL_ID]: [`X509SHA256=${fingerprint.toLowerCase()}`] } }),
    }),
  }
}
