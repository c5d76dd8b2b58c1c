import type { Clock } from '@kube-authn/core'

/** The key algorithm of a certificate. */
export type KeyAlgorithm = 'P-256' | 'P-384' | 'RSA-2048'

/**
 * A fault of a certificate, for tests that expect a refusal.
 *
 * - `expired`, `notYetValid`: by an hour.
 * - `wrongPurpose`: a client certificate is for servers only, and a server certificate for clients only.
 * - `selfSigned`: signed only by its own key.
 * - `forged`: it names this CA as its issuer, but another key signed it.
 */
export type CertificateFault = 'expired' | 'notYetValid' | 'wrongPurpose' | 'selfSigned' | 'forged'

/** Options of every certificate. */
export interface CertificateOptions {
  /** The organizations of the subject, in order: the groups of a user. Default: none. */
  readonly organizations?: readonly string[]
  /** Valid from, truncated to seconds. Default: an hour before the clock's now. */
  readonly notBefore?: Date
  /** Valid until, truncated to seconds. Default: a day after now for servers and clients, ten years for authorities. */
  readonly notAfter?: Date
  /** Default: that of the authority. */
  readonly algorithm?: KeyAlgorithm
  /** Default: no fault. */
  readonly wrong?: CertificateFault
}

/** Options of a server or client certificate. */
export interface LeafCertificateOptions extends CertificateOptions {
  /** DNS names and IP addresses for the subject alternative name. */
  readonly hosts?: readonly string[]
  /**
   * `serverAuth`, `clientAuth`, `any` or an object identifier each; empty: no extension, which Kubernetes accepts for every purpose. Default: the
   * purpose it is issued for.
   */
  readonly extendedKeyUsages?: readonly string[]
}

/** Options of {@link CertificateAuthority.issueServer}. */
export interface ServerCertificateOptions extends LeafCertificateOptions {
  readonly hosts: readonly string[]
  /** Default: the first host. */
  readonly commonName?: string
}

/** Options of {@link CertificateAuthority.issueClient}. */
export interface ClientCertificateOptions extends LeafCertificateOptions {
  /** The user name. A certificate without one is valid but authenticates no user. */
  readonly commonName?: string
  /** The user's uid, in the subject attribute 1.3.6.1.4.1.57683.2. Default: none. */
  readonly uid?: string
}

/** Options of {@link CertificateAuthority.issueIntermediate}. */
export interface IntermediateOptions extends CertificateOptions {
  readonly commonName: string
  /** How many CAs may be below it. Default: no limit. */
  readonly pathLength?: number
  /** The purposes of certificates below it. Default: no limit. */
  readonly extendedKeyUsages?: readonly string[]
}

/** Options of `createPki`. */
export interface PkiOptions {
  /** Default `kube-authn test CA`. */
  readonly commonName?: string
  /** The default algorithm of all keys. Default `P-256`. */
  readonly algorithm?: KeyAlgorithm
  /** Default: an hour before the clock's now. */
  readonly notBefore?: Date
  /** Default: ten years after now. */
  readonly notAfter?: Date
  /** The clock for all certificates. Default: the system's. */
  readonly clock?: Clock
}

/** A certificate, its private key, and the chain that a server or client sends. */
export interface IssuedCredential {
  readonly certificatePem: string
  readonly certificateDer: Uint8Array<ArrayBuffer>
  /** PKCS#8. */
  readonly privateKeyPem: string
  /** The certificate and the intermediates above it, without the root: `cert` of Node's TLS. */
  readonly chainPem: string
  /** The same as DER, leaf first: the result of `peerCertificates()` of a request. */
  readonly chainDer: readonly Uint8Array<ArrayBuffer>[]
}

/** Issues certificates; created by `createPki` and {@link CertificateAuthority.issueIntermediate}. */
export interface CertificateAuthority {
  /** The root's certificate, also for an intermediate: for `--client-ca-file` and a TLS client's `ca`. */
  readonly caPem: string
  /** The CA's own certificate. */
  readonly certificatePem: string
  readonly certificateDer: Uint8Array<ArrayBuffer>
  /** Issues a certificate for TLS servers. */
  issueServer(options: ServerCertificateOptions): Promise<IssuedCredential>
  /** Issues a certificate for TLS clients. */
  issueClient(options: ClientCertificateOptions): Promise<IssuedCredential>
  /** Creates a CA below this one. Certificates that it issues have its certificate in their chain. */
  issueIntermediate(options: IntermediateOptions): Promise<CertificateAuthority>
}
