/**
 * The settings of the app: the variables and secrets of a Worker, or the environment of a process. An empty or absent variable disables
 * its method.
 */
export interface Settings {
  /** Static tokens, a secret: CSV in the format of kube-apiserver's `--token-auth-file`. */
  readonly TOKENS_CSV?: string | null
  /** The URL of an OpenID Connect provider. */
  readonly OIDC_ISSUER?: string | null
  /** The issuer URL in a cluster's service account tokens (`--service-account-issuer`). */
  readonly SERVICE_ACCOUNT_ISSUER?: string | null
  /** The audience that the tokens of both must have. */
  readonly AUDIENCE?: string | null
}
