/** What a request to an API server is about, with values from what is served: `''` for everything else. */
export interface ApiRequestKind {
  /** In upper case, as `LIST`. */
  readonly verb: string
  readonly group: string
  readonly version: string
  readonly resource: string
  readonly subresource: string
  readonly scope: '' | 'cluster' | 'namespace' | 'resource'
}

/** An API server answered a request. */
export interface ApiRequestEvent {
  readonly type: 'apiRequest'
  readonly about: ApiRequestKind
  /** As in the event `response`. */
  readonly status: number
  readonly durationSeconds: number
}

/** A watch, or another request that lasts as long as its client wants, began or ended. */
export interface LongRunningRequestEvent {
  readonly type: 'longRunningRequest'
  readonly about: ApiRequestKind
  readonly change: 1 | -1
}

/** A request began to count for a limit of requests in flight, or is over. */
export interface RequestInFlightEvent {
  readonly type: 'requestInFlight'
  readonly kind: 'readOnly' | 'mutating'
  readonly change: 1 | -1
}

/** A connection ended before its TLS handshake was complete. */
export interface TlsHandshakeErrorEvent {
  readonly type: 'tlsHandshakeError'
}

/** A server has a certificate for clients that ask for no other name, from its start or since a reload. */
export interface ServingCertificateEvent {
  readonly type: 'servingCertificate'
  /** In milliseconds since the epoch. */
  readonly notAfterMs: number
}

/** A process stands for election, leads since it has the lease, has lost it, or has given it up. */
export interface LeaderElectionEvent {
  readonly type: 'leaderElection'
  /** The name of the lease. */
  readonly name: string
  /** Who the process is in the lease. */
  readonly identity: string
  /** `unreleased`: it stopped while the store did not answer, so that others may have to wait for the end of the lease. */
  readonly status: 'standing' | 'leading' | 'lost' | 'released' | 'unreleased'
}

/** A creation found a namespace at 80 % of its quota or above (`near`), or was refused for it (`exceeded`). `resource`: as in `roles.rbac.authorization.k8s.io`. */
export interface ObjectQuotaEvent {
  readonly type: 'objectQuota'
  readonly resource: string
  readonly namespace: string
  readonly status: 'near' | 'exceeded'
  readonly used: number
  readonly limit: number
  /** The creation before it did not. */
  readonly isNew: boolean
}

/** An external signer was asked to sign a token or for its keys. */
export interface ExternalSignerEvent {
  readonly type: 'externalSigner'
  readonly operation: 'fetchKeys' | 'sign'
  /** `OK`, the gRPC name of the error, as in `Unavailable`, or `unknown-non-grpc` for all other errors. */
  readonly code: string
  /** When the signer read the keys from their storage, in milliseconds since the epoch, if it reports that. */
  readonly dataTimeMs?: number
}

/** A signer was called over gRPC. */
export interface ExternalSignerCallEvent {
  readonly type: 'externalSignerCall'
  /** As in `/v1.ExternalJWTSigner/Sign`. */
  readonly method: string
  /** `OK`, or the gRPC name of the error. */
  readonly code: string
  readonly durationSeconds: number
}
