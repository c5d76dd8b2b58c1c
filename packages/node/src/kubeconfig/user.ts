import { defined, type ErrorList, type FieldPath } from '@kube-authn/core/internal'
import { resolve } from 'node:path'
import type { Credential, Endpoint } from '../http/endpoint.ts'
import type { FileOrData, UserEntry } from './decode.ts'

/** What reading an entry needs besides it. */
export interface EntryContext {
  /** The base of relative paths. */
  readonly folder: string
  readonly errors: ErrorList
  /** Receives the field of each part of the endpoint. */
  readonly fields: Map<string, FieldPath>
}

/**
 * The credentials of a user.
 *
 * Source: client-go `tools/clientcmd/validation.go` validateAuthInfo.
 */
export function userCredentials(
  user: UserEntry,
  context: EntryContext,
): Pick<Endpoint, 'cert' | 'certFile' | 'key' | 'keyFile' | 'credential'> {
  return { ...certificateOf(user, context), ...defined({ credential: credentialOf(user, context) }) }
}

function certificateOf(
  { path, clientCertificate, clientKey }: UserEntry,
  context: EntryContext,
): Pick<Endpoint, 'cert' | 'certFile' | 'key' | 'keyFile'> {
  const { fields, errors } = context
  const certificate = pemOption('cert', path, clientCertificate, context)
  const key = pemOption('key', path, clientKey, context)
  if (certificate !== undefined && key !== undefined) {
    fields.set(certificate.option, certificate.field)
    fields.set(key.option, key.field)
    return { [certificate.option]: certificate.value, [key.option]: key.value }
  }
  if (certificate !== undefined) {
    errors.required(
      path.child('client-key'),
      'client-key-data or client-key must be specified to use the clientCert authentication method',
    )
  }
  if (key !== undefined) {
    errors.required(path.child('client-certificate'), 'must be specified together with client-key')
  }
  return {}
}

function credentialOf(
  { path, token, tokenFile, username, password }: UserEntry,
  { folder, errors, fields }: EntryContext,
): Credential | undefined {
  const isBasic = username !== '' || password !== ''
  fields.set('credential.token', path.child('token'))
  fields.set('credential.path', path.child('tokenFile'))
  fields.set('credential.username', path.child('username'))
  if (isBasic && (token !== '' || tokenFile !== '')) {
    errors.forbidden(
      path,
      'more than one authentication method found: a token and basicAuth, only one is allowed',
    )
  }
  if (tokenFile !== '') {
    return { type: 'tokenFile', path: resolve(folder, tokenFile), ...(token !== '' && { token }) }
  }
  if (token !== '') return { type: 'token', token }
  if (!isBasic) return undefined
  if (username === '') errors.required(path.child('username'), 'must be specified together with password')
  return { type: 'basic', username, password }
}

/**
 * Refuses plug-ins: `exec` and `auth-provider`.
 *
 * Deviation: plug-ins are refused (`docs/deviations.md`, kubeconfig).
 */
export function refusePlugins({ path, unsupported }: UserEntry, errors: ErrorList): void {
  for (const [name, what] of PLUGINS) {
    if (!unsupported.includes(name)) continue
    errors.forbidden(path.child(name), `${what} are not supported; use a token file or a client certificate`)
  }
}

const PLUGINS: ReadonlyMap<string, string> = new Map([
  ['exec', 'plug-ins'],
  ['auth-provider', 'providers'],
])

/**
 * Refuses impersonation.
 *
 * Deviation: impersonation is refused (`docs/deviations.md`, kubeconfig).
 */
export function refuseImpersonation({ path, unsupported }: UserEntry, errors: ErrorList): void {
  const isImpersonating = unsupported.includes('as')
  for (const name of unsupported.filter((each) => !PLUGINS.has(each))) {
    errors.forbidden(
      path.child(name),
      isImpersonating
        ? 'impersonation is not supported'
        : 'requesting uid, groups or user-extra without impersonating a user',
    )
  }
}

/** The option of a transport for a file or data in it; `undefined` if neither is set. `field` is where it comes from. */
export function pemOption<Name extends 'ca' | 'cert' | 'key'>(
  option: Name,
  path: FieldPath,
  { name, file, data }: FileOrData,
  { folder, errors }: EntryContext,
): { readonly option: Name | `${Name}File`; readonly value: string; readonly field: FieldPath } | undefined {
  const dataField = path.child(`${name}-data`)
  if (file !== '' && data !== '') errors.forbidden(dataField, `${name}-data and ${name} are both specified`)
  if (data !== '') return { option, value: data, field: dataField }
  if (file === '') return undefined
  return { option: `${option}File`, value: resolve(folder, file), field: path.child(name) }
}
