import { resolve } from 'node:path'
import type { ErrorList, FieldPath } from '@kube-authn/core/internal'
import type { Credential, Endpoint } from '../http/endpoint.ts'
import type { UserEntry } from './decode.ts'
import { pemOption } from './pem-option.ts'

/**
 * The credentials of a user.
 *
 * Source: client-go `tools/clientcmd/validation.go` validateAuthInfo.
 *
 * @param fields receives the field of each part of the endpoint.
 */
export function userCredentials(
  user: UserEntry,
  folder: string,
  errors: ErrorList,
  fields: Map<string, FieldPath>,
): Pick<Endpoint, 'cert' | 'certFile' | 'key' | 'keyFile' | 'credential'> {
  const clientCertificate = certificateOf(user, folder, errors, fields)
  const credential = credentialOf(user, folder, errors, fields)
  return {
    ...clientCertificate,
    ...(credential !== undefined && { credential }),
  }
}

function certificateOf(
  user: UserEntry,
  folder: string,
  errors: ErrorList,
  fields: Map<string, FieldPath>,
): Pick<Endpoint, 'cert' | 'certFile' | 'key' | 'keyFile'> {
  const { path, clientCertificate, clientCertificateData, clientKey, clientKeyData } = user
  const certificate = pemOption(
    'cert',
    { path, name: 'client-certificate', file: clientCertificate, data: clientCertificateData },
    folder,
    errors,
  )
  const key = pemOption(
    'key',
    { path, name: 'client-key', file: clientKey, data: clientKeyData },
    folder,
    errors,
  )
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
  user: UserEntry,
  folder: string,
  errors: ErrorList,
  fields: Map<string, FieldPath>,
): Credential | undefined {
  const { path, token, tokenFile, username, password } = user
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
