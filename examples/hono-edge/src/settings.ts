/**
 * What the app is told by its surroundings: the variables and secrets of a Worker, or the environment of a process. By what is empty or
 * absent nobody is known.
 */
export interface Settings {
  /** Static tokens, a secret: the CSV text that kube-apiserver takes as `--token-auth-file`. */
  readonly TOKENS_CSV?: string | null
  /** The URL of an OpenID Connect provider. */
  readonly OIDC_ISSUER?: string | null
  /** The URL of a cluster, as it names itself in the tokens of its service accounts (`--service-account-issuer`). */
  readonly SERVICE_ACCOUNT_ISSUER?: string | null
  /** What the tokens of both have to be for. */
  readonly AUDIENCE?: string | null
}
