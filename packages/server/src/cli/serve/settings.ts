import type { FileNotice } from '@kube-authn/core/internal'
import type { LeaderElectionOptions } from '../../controllers/leader-election/election-settings.ts'

/** An address to listen on. */
export interface ListenAddress {
  readonly host: string
  /** 0 is any free one. */
  readonly port: number
}

/** What the flags of `kube-authn serve` say. */
export interface ServeSettings {
  readonly dataDir: string
  /** As `--store` names it; `namedStore` has nothing against it. It may have a password. */
  readonly store: string
  readonly output: 'text' | 'json'
  readonly secure: ListenAddress
  /** Plain HTTP. */
  readonly insecure: ListenAddress | undefined
  /** How clients reach the server, if other than by `secure`. */
  readonly advertiseAddress: string | undefined
  readonly externalHostname: string | undefined
  readonly tls: TlsSettings
  readonly serviceAccounts: ServiceAccountSettings
  readonly signing: SigningSettings
  readonly limits: LimitSettings
  readonly controllers: readonly string[]
  /** `undefined`: it is off. */
  readonly forward: ForwardSettings | undefined
  /** `undefined`: each process runs its controllers. */
  readonly leaderElection: ServeElection | undefined
  /** Whether every service account is given a token secret. */
  readonly createSecrets: boolean
  /** Whether writes of objects that are not validated are refused. */
  readonly strict: boolean
  /** `undefined`: health may be read. */
  readonly alwaysAllowPaths: readonly string[] | undefined
  /** The client CA, if it is not the own one. */
  readonly clientCAFile: string | undefined
  /** Those for `authenticatorFromFlags`, without what the data directory adds. */
  readonly authenticationFlags: readonly string[]
  readonly authorizationFlags: readonly string[]
  readonly auditFlags: readonly string[]
  readonly notices: readonly FileNotice[]
}

/** How the one is elected that runs the controllers; `undefined` if each process runs them. */
export type ServeElection = Required<Omit<LeaderElectionOptions, 'identity'>>

/** Forward authentication, at `/authenticate`. */
export interface ForwardSettings {
  /** Whether the authorizer decides about what the proxy was asked for. */
  readonly authorizes: boolean
  readonly original: 'x-forwarded' | 'x-original' | 'path'
  readonly maxNumberedGroups: number
  /** Fields of `extra` that the proxy hands on; `undefined`: all, or none with numbered groups. */
  readonly extraKeys: readonly string[] | undefined
  readonly loginUrl: string | undefined
}

/** A certificate and its key. */
export interface CertificateFiles {
  readonly certFile: string
  readonly keyFile: string
}

/** A certificate for some names of the server. */
export interface SniCertificateFiles extends CertificateFiles {
  /** `undefined`: those in the certificate. */
  readonly names?: readonly string[]
}

/** The certificate of the server and how it is used. */
export interface TlsSettings {
  readonly certificate: CertificateFiles | undefined
  /** Where an own certificate is kept; `undefined`: beside the other keys. */
  readonly certDir: string | undefined
  /** Certificates for some names, in the order of the flags. */
  readonly named: readonly SniCertificateFiles[] | undefined
  /** `undefined`: HTTP/1.1 only. */
  readonly http2: { readonly maxStreams: number } | undefined
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3'
  /** In the names of OpenSSL; `undefined`: those of Node.js. */
  readonly ciphers: string | undefined
}

/** The tokens of service accounts. */
export interface ServiceAccountSettings {
  /** The first one is that of new tokens. */
  readonly issuers: readonly [string, ...string[]]
  readonly signingKeyFile: string | undefined
  readonly signingEndpoint: string | undefined
  readonly keyFiles: readonly string[]
  /** Signs tokens in secrets, if another key than `signingKeyFile` does. */
  readonly privateKeyFile: string | undefined
  readonly rootCAFile: string | undefined
  readonly jwksUri: string | undefined
  /** `undefined`: no limit. */
  readonly maxExpirationSeconds: number | undefined
  readonly extendExpiration: boolean
}

/** The signers of certificate requests. */
export interface SigningSettings {
  /** `undefined`: the own CA. */
  readonly authority: CertificateFiles | undefined
  readonly durationSeconds: number
}

/** Limits of the server. */
export interface LimitSettings {
  readonly maxRequestsInFlight: number
  readonly maxMutatingRequestsInFlight: number
  readonly requestTimeoutSeconds: number
  readonly shutdownDelaySeconds: number
}
