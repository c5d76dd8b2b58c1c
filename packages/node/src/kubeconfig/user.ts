import { defined, type ErrorList, type FieldPath } from '@kube-authn/core/internal'
import { resolve } from 'node:path'
import type { Credential, Endpoint } from '../http/endpoint.ts'
import type { UserEntry } from './decode.ts'

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
    ...defined({ credential }),
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

/** A field with the path of a file, and its sibling field with inline data. */
export interface FileOrData {
  /** The object that contains both. */
  readonly path: FieldPath
  /** The field of the path; the field of the data has the suffix `-data`. */
  readonly name: string
  readonly file: string
  readonly data: string
}

/** An option of a transport for PEM data or its file. */
export interface PemOption<Name extends 'ca' | 'cert' | 'key'> {
  readonly option: Name | `${Name}File`
  readonly value: string
  /** The field that it comes from. */
  readonly field: FieldPath
}

/** The option of a transport for these fields; `undefined` if neither field is set. */
export function pemOption<Name extends 'ca' | 'cert' | 'key'>(
  option: Name,
  { path, name, file, data }: FileOrData,
  folder: string,
  errors: ErrorList,
): PemOption<Name> | undefined {
  const dataField = path.child(`${name}-data`)
  if (file !== '' && data !== '') {
    errors.forbidden(dataField, `${name}-data and ${name} are both specified`)
  }
  if (data !== '') return { option, value: data, field: dataField }
  if (file === '') return undefined
  return { option: `${option}File`, value: resolve(folder, file), field: path.child(name) }
}
