import type { Authenticator, CertificatePoolSource } from '../../authenticator/authenticator.ts'
import { andThen } from '../../internal/awaitable.ts'
import { type Clock, systemClock } from '../../internal/clock.ts'
import { askRequest, consult } from '../../authenticator/consult.ts'
import { rejected } from '../../authenticator/errors.ts'
import {
  aClock,
  aRequestAuthenticator,
  aString,
  listOf,
  optionProblems,
  type OptionsShape,
  refuseProblems,
  required,
} from '../../internal/options/index.ts'
import { printable } from '@kube-authn/internal/printable'
import { AttributeType, ExtendedKeyUsage, valuesOf } from '@kube-authn/x509'
import { aPemBundleOrSource, certificatePoolSource } from './certificate-pool-source.ts'
import { chainVerifier } from './chain-verifier.ts'

/** Options of {@link certificateVerifier}. */
export interface CertificateVerifierOptions {
  /** The trusted CA certificates: a PEM bundle or a source of certificates (`--requestheader-client-ca-file`). */
  readonly ca: string | CertificatePoolSource
  /** The accepted common names, compared exactly. Empty: any (`--requestheader-allowed-names`). */
  readonly allowedNames: readonly string[]
  readonly clock?: Clock
}

const shape: OptionsShape<CertificateVerifierOptions> = {
  ca: required(aPemBundleOrSource),
  allowedNames: required(listOf(aString)),
  clock: aClock,
}

/**
 * Passes a request to the delegate only if its TLS client has a certificate of the CA with an accepted common name. The certificate
 * identifies the client, such as a proxy; the delegate decides who the user is.
 *
 * It has no opinion without a certificate, or while no CA certificates are loaded. A certificate that does not verify or has another
 * common name is an error.
 *
 * Source: apiserver `pkg/authentication/request/x509/x509.go` (`Verifier`).
 *
 * @throws {ConfigurationError} if the bundle has no certificate, or one that cannot be read.
 */
export function certificateVerifier(
  options: CertificateVerifierOptions,
  delegate: Authenticator,
): Authenticator {
  refuseProblems(optionProblems(shape, options), aRequestAuthenticator(delegate, 'delegate'))
  const trusted = certificatePoolSource(options.ca, 'ca')
  const allowedNames = new Set(options.allowedNames)
  const verify = chainVerifier<true>({
    clock: options.clock ?? systemClock,
    keyUsages: [ExtendedKeyUsage.clientAuth],
    accept([leaf]) {
      const name = valuesOf(leaf.subject, AttributeType.commonName).at(-1) ?? ''
      if (allowedNames.size === 0 || allowedNames.has(name)) return true
      throw rejected(`x509: subject with cn=${printable(name)} is not in the allowed list`)
    },
    refuse: (_, error) => rejected(error.message, { cause: error }),
  })
  return {
    name: 'certificateVerifier',
    credentials: {
      schemes: [],
      ...delegate.credentials,
      peerCertificates: true,
      proxyAuthorities: [trusted, ...(delegate.credentials?.proxyAuthorities ?? [])],
    },
    authenticate(request, context) {
      const presented = request.peerCertificates?.() ?? []
      const pool = presented.length === 0 ? undefined : trusted.current()
      if (pool === undefined) return undefined
      return andThen(verify(presented, pool), () => consult(askRequest, delegate, request, context))
    },
  }
}
