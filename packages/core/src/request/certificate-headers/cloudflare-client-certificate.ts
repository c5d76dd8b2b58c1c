import type { Authentication, Authenticator } from '../../authenticator/authenticator.ts'
import { rejected } from '../../authenticator/errors.ts'
import { userInfo } from '../../authenticator/user.ts'
import { parseDistinguishedName } from './distinguished-name.ts'
import { type TlsClientAuth, verifiedTlsClientAuth } from './tls-client-auth.ts'

/** kube-apiserver's name for the extra that identifies a credential. */
const CREDENTIAL_ID = 'authentication.kubernetes.io/credential-id'

/**
 * Knows the client certificates that Cloudflare verified, on Workers with mTLS: the user name is the last common name of the
 * subject, and the groups are its organizations in order, as Kubernetes has it. A certificate without a common name is nobody's.
 *
 * Cloudflare alone decides whose authority counts (API Shield, "client certificates"), and tells the subject as a text. Use
 * `cloudflareCertificates` with a client certificate authenticator where its authorities should decide.
 *
 * Source: Cloudflare, "Client certificate variables"; apiserver `pkg/authentication/request/x509`.
 *
 * @example
 * new Hono().use(authentication(cloudflareClientCertificate()))
 */
export function cloudflareClientCertificate(): Authenticator {
  return {
    name: 'cloudflareClientCertificate',
    credentials: { schemes: [], tlsClientAuth: true, known: [() => [{ type: 'clientCertificate' }]] },
    authenticate(request) {
      const told = verifiedTlsClientAuth(request)
      return told === undefined ? undefined : authenticationOf(told)
    },
  }
}

function authenticationOf(told: TlsClientAuth): Authentication | undefined {
  const { certSubjectDNRFC2253: precise, certSubjectDN: display, certFingerprintSHA256: fingerprint } = told
  const subject = precise === undefined || precise === '' ? display : precise
  if (typeof subject !== 'string')
    throw rejected('Cloudflare does not tell the subject of the client certificate')
  const attributes = parseDistinguishedName(subject)
  if (attributes === undefined) throw rejected('the subject of the client certificate cannot be read')
  const valuesOf = (type: string): readonly string[] =>
    attributes
      .filter((attribute) => attribute.type === type)
      .map(({ value }) => {
        if (value === undefined) throw rejected(`the ${type} of the client certificate is no text`)
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
