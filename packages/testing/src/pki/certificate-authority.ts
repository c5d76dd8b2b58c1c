import type { Clock } from '@kube-authn/core'

/** The kind of key a certificate is about. */
export type KeyAlgorithm = 'P-256' | 'P-384' | 'RSA-2048'

/**
 * What is to be wrong with a certificate, for tests that expect a refusal.
 *
 * - `expired`, `notYetValid`: by an hour.
 * - `wrongPurpose`: a client certificate is for servers only, and a server certificate for clients only.
 * - `selfSigned`: a stranger's, signed by nobody but its own key.
 * - `forged`: it names this authority as its issuer, but another key signed it.
 */
export type CertificateFault = 'expired' | 'notYetValid' | 'wrongPurpose' | 'selfSigned' | 'forged'

/** What every certificate can be told. */
export interface CertificateOptions {
  /** The organizations of the subject, in order: the groups of a user. Default: none. */
  readonly organizations?: readonly string[]
  /** From when it is valid, cut to seconds. Default: an hour before the clock's now. */
  readonly notBefore?: Date
  /** Until when it is valid, cut to seconds. Default: a day after now for servers and clients, ten years for authorities. */
  readonly notAfter?: Date
  /** Default: that of the authority. */
  readonly algorithm?: KeyAlgorithm
  /** Default: nothing is wrong. */
  readonly wrong?: CertificateFault
}

/** What a server or client certificate can be told. */
export interface LeafCertificateOptions extends CertificateOptions {
  /** DNS names and IP addresses for the subject alternative name. */
  readonly hosts?: readonly string[]
  /**
   * `serverAuth`, `clientAuth`, `any` or an object identifier each; empty: without the extension, which Kubernetes accepts for
   * every purpose. Default: the one purpose it is issued for.
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
  /** The user name. Without one a certificate is valid but nobody's. */
  readonly commonName?: string
  /** The user's uid, in the subject attribute 1.3.6.1.4.1.57683.2. Default: none. */
  readonly uid?: string
}

/** Options of {@link CertificateAuthority.issueIntermediate}. */
export interface IntermediateOptions extends CertificateOptions {
  readonly commonName: string
  /** How many authorities may be below it. Default: any number. */
  readonly pathLength?: number
  /** Limits what may be issued below it. Default: no limit. */
  readonly extendedKeyUsages?: readonly string[]
}

/** Options of `createPki`. */
export interface PkiOptions {
  /** Default `kube-authn test CA`. */
  readonly commonName?: string
  /** Of all keys that are not told otherwise. Default `P-256`. */
  readonly algorithm?: KeyAlgorithm
  /** Default: an hour before the clock's now. */
  readonly notBefore?: Date
  /** Default: ten years after now. */
  readonly notAfter?: Date
  /** What "now" is for everything that is issued. Default: the system's. */
  readonly clock?: Pick<Clock, 'now'>
}

/** A certificate, its private key, and everything a server or client has to send. */
export interface IssuedCredential {
  readonly certificatePem: string
  readonly certificateDer: Uint8Array<ArrayBuffer>
  /** PKCS#8. */
  readonly privateKeyPem: string
  /** The certificate and the intermediates above it, without the root: what Node's TLS takes as `cert`. */
  readonly chainPem: string
  /** The same as DER, leaf first: what `peerCertificates()` of a request returns. */
  readonly chainDer: readonly Uint8Array<ArrayBuffer>[]
}

/** Issues certificates; made by `createPki` and {@link CertificateAuthority.issueIntermediate}. */
export interface CertificateAuthority {
  /** The root's certificate, also of an intermediate: what `--client-ca-file` and a TLS client's `ca` are given. */
  readonly caPem: string
  /** The authority's own certificate. */
  readonly certificatePem: string
  readonly certificateDer: Uint8Array<ArrayBuffer>
  /** A certificate for TLS servers. */
  issueServer(options: ServerCertificateOptions): Promise<IssuedCredential>
  /** A certificate for TLS clients. */
  issueClient(options: ClientCertificateOptions): Promise<IssuedCredential>
  /** An authority below this one. What it issues carries its certificate in the chain. */
  issueIntermediate(options: IntermediateOptions): Promise<CertificateAuthority>
}
