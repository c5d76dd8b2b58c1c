/** What a client proves its user by: either, or both. */
export interface ClientCredential {
  /** A bearer token. */
  readonly token?: string
  /** A client certificate and its key, in PEM. */
  readonly certificate?: ClientCertificate
}

/** A client certificate and its key, in PEM. */
export interface ClientCertificate {
  readonly cert: string
  readonly key: string
}

/** Credentials that change while a client runs: of a plug-in, or of an OpenID Connect provider. */
export interface CredentialSource {
  /**
   * The credential for the next request; fetched first if there is none, or it has expired. Callers at the same time share the work.
   *
   * @throws {Failure} if there is none.
   */
  current(): Promise<ClientCredential>
  /** Tells that the server answered a request with this credential by a 401. It does not reject. */
  refused(used: ClientCredential): Promise<void>
}
