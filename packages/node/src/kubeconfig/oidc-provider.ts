import { type ErrorList, quoted, readObject } from '@kube-authn/core/internal'
import { bytesOfBase64 } from '@kube-authn/internal/base64'
import { resolve } from 'node:path'
import type { UserEntry } from './decode.ts'

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
export function readOidcProvider(
  { path, authProvider }: UserEntry,
  errors: ErrorList,
): OidcProvider | undefined {
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
