import type { Endpoint } from '../http/endpoint.ts'
import { parsed, type ParseKubeconfigOptions } from './kubeconfig.ts'
import { refuseImpersonation } from './user.ts'
import { type ErrorList, readObject, quoted } from '@kube-authn/core/internal'
import { resolve, sep } from 'node:path'
import type { ClusterEntry, UserEntry } from './decode.ts'
import { bytesOfBase64 } from '@kube-authn/internal/base64'

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

/** A credential plug-in: a program that prints an `ExecCredential`. */
export interface ExecPlugin {
  /** `client.authentication.k8s.io/v1` or `v1beta1`. */
  readonly apiVersion: string
  /** A path is absolute; a name is looked up in `PATH`. */
  readonly command: string
  readonly args: readonly string[]
  readonly env: readonly { readonly name: string; readonly value: string }[]
  /** What to print if the program is missing; may be empty. */
  readonly installHint: string
  /** `Never`, `IfAvailable` or `Always`; may be empty for `v1beta1`. */
  readonly interactiveMode: string
  /** Whether it gets the fields of the cluster. */
  readonly provideClusterInfo: boolean
  readonly disableCompression: boolean
  /** What it gets about the cluster besides its fields, of any type. */
  readonly config: unknown
}

/** The versions of `ExecCredential`, the newest first. */
export const EXEC_VERSIONS = [
  'client.authentication.k8s.io/v1',
  'client.authentication.k8s.io/v1beta1',
] as const
const MODES = ['Never', 'IfAvailable', 'Always']

/**
 * The plug-in of a user; `undefined` if there is none, or its field has another type.
 *
 * Source: client-go `tools/clientcmd/api/v1/types.go` (ExecConfig), `tools/clientcmd/validation.go` (validateAuthInfo), `tools/clientcmd/loader.go`
 * (ResolveLocalPaths).
 *
 * @param folder the base of a command with a path.
 */
function readExecPlugin(
  { path, exec }: UserEntry,
  cluster: ClusterEntry | undefined,
  folder: string,
  errors: ErrorList,
): ExecPlugin | undefined {
  if (exec === undefined) return undefined
  const where = path.child('exec')
  const fields = readObject(exec, where, errors)
  if (fields === undefined) return undefined
  const command = fields.string('command')
  const plugin = {
    apiVersion: fields.string('apiVersion'),
    command: command.includes('/') || command.includes(sep) ? resolve(folder, command) : command,
    args: fields.strings('args'),
    env: fields.objects('env').map((each) => {
      const entry = { name: each.string('name'), value: each.string('value') }
      if (entry.name === '') errors.required(each.path.child('name'), 'env variable name must be specified')
      each.end()
      return entry
    }),
    installHint: fields.string('installHint'),
    interactiveMode: fields.string('interactiveMode'),
    provideClusterInfo: fields.boolean('provideClusterInfo'),
    disableCompression: cluster?.disableCompression ?? false,
    config: cluster?.execConfig,
  }
  fields.end()
  const { apiVersion, interactiveMode } = plugin
  if (command === '') errors.required(where.child('command'), 'command must be specified')
  if (apiVersion === '') errors.required(where.child('apiVersion'), 'apiVersion must be specified')
  else if (!EXEC_VERSIONS.some((each) => each === apiVersion)) {
    errors.notSupported(where.child('apiVersion'), apiVersion, EXEC_VERSIONS)
  }
  if (interactiveMode !== '' && !MODES.includes(interactiveMode)) {
    errors.notSupported(where.child('interactiveMode'), interactiveMode, MODES)
  } else if (interactiveMode === '' && apiVersion !== EXEC_VERSIONS[1]) {
    errors.required(where.child('interactiveMode'), 'interactiveMode must be specified')
  }
  return plugin
}

/** `auth-provider: oidc`: the tokens of a login, and the client that renews them. Absent fields are empty. */
export interface OidcProvider {
  readonly issuerUrl: string
  readonly clientId: string
  readonly clientSecret: string
  readonly idToken: string
  readonly refreshToken: string
  /** The CAs of the issuer in PEM; absent for those of the system. */
  readonly ca?: string
  /** The path of a PEM file with them. */
  readonly caFile?: string
}

/**
 * The OpenID Connect provider of a user; `undefined` if there is none. `extra-scopes` and fields that client-go does not know are ignored, as there.
 *
 * Source: client-go `plugin/pkg/client/auth/oidc/oidc.go`.
 */
function readOidcProvider({ path, authProvider }: UserEntry, errors: ErrorList): OidcProvider | undefined {
  if (authProvider === undefined) return undefined
  const where = path.child('auth-provider')
  const fields = readObject(authProvider, where, errors)
  if (fields === undefined) return undefined
  const name = fields.string('name')
  const config = fields.stringMap('config')
  fields.end()
  if (name !== 'oidc') {
    errors.forbidden(
      where.child('name'),
      `no Auth Provider found for name ${quoted(name)}: only oidc is supported; use a plug-in (exec)`,
    )
    return undefined
  }
  const at = (key: string): string => config.get(key) ?? ''
  const issuerUrl = at('idp-issuer-url')
  const clientId = at('client-id')
  for (const [key, value] of [
    ['idp-issuer-url', issuerUrl],
    ['client-id', clientId],
  ] as const) {
    if (value === '') errors.required(where.child('config').key(key), `Must provide ${key}`)
  }
  const data = at('idp-certificate-authority-data').replaceAll(/[\r\n]/g, '')
  const ca = bytesOfBase64(data)
  if (data !== '' && ca === undefined) {
    errors.invalid(where.child('config').key('idp-certificate-authority-data'), '', 'illegal base64 data')
  }
  const caFile = at('idp-certificate-authority')
  return {
    issuerUrl,
    clientId,
    clientSecret: at('client-secret'),
    idToken: at('id-token'),
    refreshToken: at('refresh-token'),
    // Data come first, as in client-go, and a relative path starts from the folder of the process.
    ...(ca !== undefined
      ? { ca: new TextDecoder().decode(ca) }
      : caFile !== '' && { caFile: resolve(caFile) }),
  }
}
