import type { Authentication, Authenticator, KnownCredential } from '../../authenticator/authenticator.ts'
import { type Clock, systemClock } from '../../internal/clock.ts'
import { rejected } from '../../authenticator/errors.ts'
import { type FileNotice, notify, type Observer } from '../../authenticator/events.ts'
import type { AuthenticationRequest } from '../request.ts'
import {
  aClock,
  aFunction,
  aString,
  checkOptions,
  listOf,
  type OptionsShape,
  required,
} from '../../internal/options/index.ts'
import {
  type Certificate,
  type CertificateChain,
  certificateIdentifier,
  ExtendedKeyUsage,
} from '../../internal/x509/index.ts'
import type { UserInfo } from '../../authenticator/user.ts'
import {
  aPemBundleOrSource,
  type CertificatePoolSource,
  certificatePoolSource,
} from './certificate-pool-source.ts'
import { certificateUser } from './certificate-user.ts'
import { chainVerifier } from './chain-verifier.ts'

/** Options of {@link clientCertificate}. */
export interface ClientCertificateOptions {
  /** Who is trusted to sign the certificates of users: a PEM bundle or a source of certificates (`--client-ca-file`). */
  readonly ca: string | CertificatePoolSource
  /**
   * Whose a certificate is, once it is verified; `undefined`: nobody's. Default {@link certificateUser}. An error it throws is
   * remembered with the certificate, so it must not depend on anything else.
   */
  readonly user?: (leaf: Certificate) => UserInfo | undefined
  /** What a certificate must be good for: object identifiers of `extKeyUsage`. Default `clientAuth`; empty: anything. */
  readonly keyUsages?: readonly string[]
  /** Told how long certificates are still valid, where the request itself is not observed. */
  readonly observer?: Observer
  readonly clock?: Clock
}

const shape: OptionsShape<ClientCertificateOptions> = {
  ca: required(aPemBundleOrSource),
  user: aFunction,
  keyUsages: listOf(aString),
  observer: aFunction,
  clock: aClock,
}

/**
 * Knows users by their TLS client certificate: the common name is the user, organizations are groups.
 *
 * Without a certificate, and while it is not known who is trusted, there is no opinion. A certificate that does not verify is an
 * error; one without a common name is nobody's. What the TLS layer made of it does not count.
 *
 * Certificates are verified anew whenever what is trusted changes, and no longer accepted than each of the chain is valid.
 * Nothing is asked about revocation, as in Kubernetes.
 *
 * Source: apiserver `pkg/authentication/request/x509/x509.go`.
 *
 * @throws {ConfigurationError} when the bundle has no certificate, or one that cannot be read.
 * @example
 * const certificates = clientCertificate({ ca: await readFile('ca.crt', 'utf8') })
 */
export function clientCertificate(options: ClientCertificateOptions): Authenticator {
  checkOptions(shape, options)
  const { keyUsages = [ExtendedKeyUsage.clientAuth], clock = systemClock } = options
  const userOf = options.user ?? certificateUser
  const trusted = certificatePoolSource(options.ca, 'ca')
  const verify = chainVerifier<Authentication | undefined>({
    clock,
    keyUsages,
    accept(chain) {
      const user = userOf(chain[0])
      return user && Object.freeze({ user, expiresAtMs: endOf(chain) })
    },
    refuse: (leaf, error) =>
      rejected(`verifying certificate ${certificateIdentifier(leaf)} failed: ${error.message}`, {
        cause: error,
      }),
  })
  let isAdvised = false
  const adviseOnce = (request: AuthenticationRequest, observer: Observer | undefined): void => {
    if (isAdvised || request.requestsCertificate?.() !== false) return
    isAdvised = true
    notify(observer, { type: 'fileNotice', file: 'clientCertificate', notice: NOT_REQUESTED })
  }
  return {
    name: 'clientCertificate',
    credentials: { schemes: [], peerCertificates: true, known: [() => KNOWN] },
    authenticate(request, context) {
      const presented = request.peerCertificates?.() ?? []
      if (presented.length === 0) adviseOnce(request, context.observer ?? options.observer)
      const pool = presented.length === 0 ? undefined : trusted.current()
      if (pool === undefined) return undefined
      const observer = context.observer ?? options.observer
      if (observer === undefined) return verify(presented, pool)
      return verify(presented, pool, (notAfterMs) => {
        const seconds = (notAfterMs - clock.now()) / 1000
        notify(observer, { type: 'clientCertificateExpiration', seconds })
      })
    },
  }
}

const KNOWN: readonly KnownCredential[] = [{ type: 'clientCertificate' }]

/** The commonest mistake: nothing else would tell why every request is without a certificate. */
const NOT_REQUESTED: FileNotice = {
  severity: 'advice',
  code: 'noCertificateRequested',
  message:
    'no client certificate can be seen on a connection without TLS, or to a server that does not ask for one: make the server with ' +
    'tlsServerOptions(...) of @kube-authn/node, or, where a proxy ends TLS, take certificates from it with certificateHeaders(...)',
}

function endOf(chain: CertificateChain): number {
  return Math.min(...chain.map(({ notAfterMs }) => notAfterMs))
}
