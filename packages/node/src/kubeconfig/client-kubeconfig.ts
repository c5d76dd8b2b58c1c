import type { Endpoint } from '../http/endpoint.ts'
import { type ExecPlugin, readExecPlugin } from './exec-plugin.ts'
import { parsed, type ParseKubeconfigOptions } from './kubeconfig.ts'
import { type OidcProvider, readOidcProvider } from './oidc-provider.ts'
import { refuseImpersonation } from './user.ts'

/** The server of a client, and what its user has. */
export interface ClientKubeconfig {
  readonly endpoint: Endpoint
  /** The name of the user; empty if requests go without credentials. */
  readonly user: string
  /** Where further credentials come from. */
  readonly exec?: ExecPlugin
  readonly provider?: OidcProvider
  /** The field, `exec` or `auth-provider`, that is of no effect since the user has other credentials. */
  readonly unused?: 'exec' | 'auth-provider'
}

/**
 * Parses the kubeconfig of a client such as `kubectl`, whose user may have a plug-in (`exec`) or an OpenID Connect provider (`auth-provider`).
 * A plug-in is not used beside a token, a password or a client certificate; a provider not beside a token or a password.
 *
 * Source: client-go `tools/clientcmd/validation.go` (validateAuthInfo), `plugin/pkg/client/auth/exec/exec.go` (UpdateTransportConfig),
 * `transport/round_trippers.go`.
 *
 * @throws {ConfigurationError} with every problem, by field. It contains no secrets.
 */
export function parseClientKubeconfig(text: string, options: ParseKubeconfigOptions): ClientKubeconfig {
  const found: { user?: string; exec?: ExecPlugin; provider?: OidcProvider } = {}
  const endpoint = parsed(text, options, ({ user, cluster, errors }) => {
    found.user = user.name
    refuseImpersonation(user, errors)
    const exec = readExecPlugin(user, cluster, options.folder, errors)
    const provider = readOidcProvider(user, errors)
    if (user.exec !== undefined && user.authProvider !== undefined) {
      errors.forbidden(
        user.path.child('auth-provider'),
        'authProvider cannot be provided in combination with an exec plugin',
      )
    }
    if (exec !== undefined) found.exec = exec
    if (provider !== undefined) found.provider = provider
  })
  const { user = '', exec, provider } = found
  const isKnown = endpoint.credential !== undefined
  if (exec !== undefined) {
    const hasOther = isKnown || endpoint.cert !== undefined || endpoint.certFile !== undefined
    return hasOther ? { endpoint, user, unused: 'exec' } : { endpoint, user, exec }
  }
  if (provider === undefined) return { endpoint, user }
  return isKnown ? { endpoint, user, unused: 'auth-provider' } : { endpoint, user, provider }
}
