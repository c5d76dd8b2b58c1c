import type { Authenticator } from '../../authenticator/authenticator.ts'
import { rejected } from '../../authenticator/errors.ts'
import { aRequestAuthenticator, refuseProblems } from '../../internal/options/index.ts'
import { clientCertChain } from './client-cert.ts'
import { consultWithCertificates } from './request-with-certificates.ts'
import { type TlsClientAuth, verifiedTlsClientAuth } from './tls-client-auth.ts'

/**
 * Gives the delegate, on Cloudflare Workers, the client certificates that Cloudflare's edge received, as if they were those of the
 * connection. The delegate verifies them against its own authorities; Cloudflare must have verified them too, and the certificate must not
 * be revoked.
 *
 * They come from `request.cf.tlsClientAuth.certRFC9440` and `certChainRFC9440`, which clients cannot set.
 *
 * Source: Cloudflare, "Client certificate variables".
 *
 * @throws {ConfigurationError} if the delegate is not a request authenticator.
 * @example
 * new Hono().use(authentication(cloudflareCertificates(clientCertificate(authorities))))
 */
export function cloudflareCertificates(delegate: Authenticator): Authenticator {
  refuseProblems(aRequestAuthenticator(delegate, 'delegate'))
  return {
    name: 'cloudflareCertificates',
    credentials: {
      schemes: delegate.credentials?.schemes ?? [],
      identityHeaders: delegate.credentials?.identityHeaders ?? [],
      known: delegate.credentials?.known ?? [],
      tlsClientAuth: true,
    },
    ...(delegate.audiences !== undefined && { audiences: delegate.audiences }),
    authenticate(request, context) {
      const told = verifiedTlsClientAuth(request)
      const chain = told === undefined ? [] : chainOf(told)
      return consultWithCertificates(delegate, request, chain, context)
    },
  }
}

function chainOf({
  certRFC9440: leaf,
  certChainRFC9440: chain,
  ...rest
}: TlsClientAuth): readonly Uint8Array[] {
  // If the chain is too large, `certChainRFC9440` is empty.
  if (rest['certChainRFC9440TooLarge'] === true)
    throw rejected('Cloudflare does not provide chains of more than 16 KiB')
  if (typeof leaf !== 'string' || leaf === '')
    throw rejected('Cloudflare does not provide the client certificate')
  return clientCertChain(leaf, typeof chain === 'string' ? chain : '')
}
