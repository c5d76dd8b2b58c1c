import { type ErrorList, readObject } from '@kube-authn/core/internal'
import type { Endpoint } from '../http/endpoint.ts'
import type { UserEntry } from './decode.ts'
import { parsed, type ParseKubeconfigOptions } from './kubeconfig.ts'
import { refuseImpersonation } from './user.ts'

/** A credential plug-in: a program that prints an `ExecCredential`. */
export interface ExecPlugin {
  /** `client.authentication.k8s.io/v1` or `v1beta1`. */
  readonly apiVersion: string
  readonly command: string
  readonly args: readonly string[]
  readonly env: readonly { readonly name: string; readonly value: string }[]
  /** What to print if the program is missing; may be empty. */
  readonly installHint: string
  readonly interactiveMode: string
}

/** The server, credentials and plug-in of a client. */
export interface ClientKubeconfig {
  readonly endpoint: Endpoint
  /** It takes the place of `endpoint.credential`. */
  readonly exec?: ExecPlugin
}

/**
 * Parses the kubeconfig of a client such as `kubectl`, whose user may have a plug-in (`exec`). `auth-provider`, which client-go no longer has for most
 * providers, is refused.
 *
 * Source: client-go `tools/clientcmd/api/v1/types.go` (ExecConfig), `tools/clientcmd/validation.go` (validateAuthInfo).
 *
 * @throws {ConfigurationError} with every problem, by field. It contains no secrets.
 */
export function parseClientKubeconfig(text: string, options: ParseKubeconfigOptions): ClientKubeconfig {
  const plugin: { exec?: ExecPlugin } = {}
  const endpoint = parsed(text, options, (user, errors) => {
    refuseProvider(user, errors)
    refuseImpersonation(user, errors)
    const exec = readExec(user, errors)
    if (exec !== undefined) plugin.exec = exec
  })
  return { endpoint, ...plugin }
}

function refuseProvider({ path, unsupported }: UserEntry, errors: ErrorList): void {
  if (!unsupported.includes('auth-provider')) return
  errors.forbidden(path.child('auth-provider'), 'providers are not supported; use a plug-in (exec)')
}

const VERSIONS = ['client.authentication.k8s.io/v1', 'client.authentication.k8s.io/v1beta1']
const MODES = ['Never', 'IfAvailable', 'Always']

function readExec({ path, exec, token, tokenFile }: UserEntry, errors: ErrorList): ExecPlugin | undefined {
  if (exec === undefined || exec === null) return undefined
  const where = path.child('exec')
  const fields = readObject(exec, where, errors)
  if (fields === undefined) return undefined
  const plugin = {
    apiVersion: fields.string('apiVersion'),
    command: fields.string('command'),
    args: fields.strings('args'),
    env: fields.objects('env').map((each) => {
      const entry = { name: each.string('name'), value: each.string('value') }
      if (entry.name === '') errors.required(each.path.child('name'))
      each.end()
      return entry
    }),
    installHint: fields.string('installHint'),
    interactiveMode: fields.string('interactiveMode'),
  }
  fields.boolean('provideClusterInfo')
  fields.end()
  if (plugin.command === '') errors.required(where.child('command'), 'command must be specified to use exec')
  if (!VERSIONS.includes(plugin.apiVersion)) {
    errors.notSupported(where.child('apiVersion'), plugin.apiVersion, VERSIONS)
  }
  if (plugin.interactiveMode === '' && plugin.apiVersion === VERSIONS[0]) {
    errors.required(where.child('interactiveMode'), 'interactiveMode must be specified')
  } else if (plugin.interactiveMode !== '' && !MODES.includes(plugin.interactiveMode)) {
    errors.notSupported(where.child('interactiveMode'), plugin.interactiveMode, MODES)
  }
  if (token !== '' || tokenFile !== '') {
    errors.forbidden(where, 'a user has either a token or a plug-in, not both')
  }
  return plugin
}
