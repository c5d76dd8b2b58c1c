import { type ErrorList, readObject } from '@kube-authn/core/internal'
import { resolve, sep } from 'node:path'
import type { ClusterEntry, UserEntry } from './decode.ts'

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
export function readExecPlugin(
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
