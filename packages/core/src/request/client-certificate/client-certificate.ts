import type {
  Authentication,
  Authenticator,
  CertificatePoolSource,
  KnownCredential,
} from '../../authenticator/authenticator.ts'
import { certificateIdOf } from '../../authenticator/certificate-id.ts'
import { type Clock, systemClock } from '../../internal/clock.ts'
import { rejected } from '../../authenticator/errors.ts'
import { notify } from '../../authenticator/notify.ts'
import type { FileNotice, Observer } from '../../authenticator/events.ts'
import { ambientCredential } from '../cross-site/ambient-credential.ts'
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
} from '@kube-authn/x509'
import type { UserInfo } from '../../authenticator/user.ts'
import { aPemBundleOrSource, certificatePoolSource } from './certificate-pool-source.ts'
import { certificateUser } from './certificate-user.ts'
import { chainVerifier } from './chain-verifier.ts'

/** Options of {@link clientCertificate}. */
export interface ClientCertificateOptions {
  /** The trusted CA certificates of users: a PEM bundle or a source of certificates (`--client-ca-file`). */
  readonly ca: string | CertificatePoolSource
  /** The user of a verified certificate; `undefined`: no opinion. Default {@link certificateUser}. Results and errors are cached with the certificate, so they must not depend on anything else. */
  readonly user?: (leaf: Certificate) => UserInfo | undefined
  /** The purposes a certificate must allow: object identifiers of `extKeyUsage`. Default `clientAuth`; empty: any. */
  readonly keyUsages?: readonly string[]
  /** Receives the remaining validity of certificates if the request itself has no observer. */
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
 * Authenticates users by their TLS client certificate: the common name is the username, organizations are groups.
 *
 * It has no opinion without a certificate, while no CA certificates are loaded, or if the certificate has no common name. A certificate
 * that does not verify is an error. The verdict of the TLS layer is ignored.
 *
 * Certificates are verified again whenever the trusted certificates change, and are accepted only while the whole chain is valid.
 * Revocation is not checked, as in Kubernetes.
 *
 * Source: apiserver `pkg/authentication/request/x509/x509.go`.
 *
 * @throws {ConfigurationError} if the bundle has no certificate, or one that cannot be read.
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
      const [{ serialNumber, issuer, notBeforeMs: issuedAtMs }] = chain
      const certificateId = certificateIdOf(serialNumber, issuer)
      return user && Object.freeze({ user, expiresAtMs: endOf(chain), issuedAtMs, certificateId })
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
  return ambientCredential({
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
  })
}

const KNOWN: readonly KnownCredential[] = [{ type: 'clientCertificate' }]

/** The most common mistake: otherwise nothing would explain why no request has a certificate. */
const NOT_REQUESTED: FileNotice = {
  severity: 'advice',
  code: 'noCertificateRequested',
  message:
    'no client certificate can be seen on a connection without TLS, or to a server that does not ask for one: make the server with ' +
    'tlsServerOptions(...) of @kube-authn/node, or, if a proxy terminates TLS, take certificates from it with certificateHeaders(...)',
}

function endOf(chain: CertificateChain): number {
  return Math.min(...chain.map(({ notAfterMs }) => notAfterMs))
}
