import { type PeerCertificate, checkServerIdentity } from 'node:tls'
import { aBoolean, type OptionsShape, required } from '@kube-authn/core/adapter'
import { aString, must } from '@kube-authn/core/internal'
import { aPath } from '../options/file-option.ts'

/** How to connect to a server. Files are reloaded when they change. */
export interface Transport {
  /** The CAs of the server's certificate in PEM, instead of Node's default CAs. */
  readonly ca?: string
  /** The path of a PEM file with them, instead of `ca`. */
  readonly caFile?: string
  /** The name in the server's certificate, and in SNI. Default: the host of the URL. */
  readonly serverName?: string
  /** Do not verify the server's certificate. Any server can then impersonate it and read what is sent. Default `false`. */
  readonly insecureSkipTlsVerify?: boolean
  /** The client certificate in PEM, sent if the server requests it. Requires `key` or `keyFile`. */
  readonly cert?: string
  /** The path of a PEM file with it, instead of `cert`. */
  readonly certFile?: string
  /** The key of the client certificate in PEM, not encrypted. */
  readonly key?: string
  /** The path of a PEM file with it, instead of `key`. */
  readonly keyFile?: string
  /** An `http` or `https` proxy, used with `CONNECT`; it may contain a user name and password. Default: none. */
  readonly proxyUrl?: string
}

/**
 * Sent as `Authorization`, over `https` only. A token file is reloaded about once a minute; `token` is used until it can be read.
 * More may be added in a minor version; handle the rest.
 */
export type Credential =
  | { readonly type: 'token'; readonly token: string }
  | { readonly type: 'tokenFile'; readonly path: string; readonly token?: string }
  | { readonly type: 'basic'; readonly username: string; readonly password: string }

/**
 * A server and its credentials: what a kubeconfig or a pod's environment describes. It contains secrets, so do not log it.
 *
 * Source: client-go `rest/config.go` Config.
 */
export interface Endpoint extends Transport {
  /** An absolute URL, used as it is. */
  readonly server: string
  readonly credential?: Credential
}

/**
 * Why a certificate is not that of a host. Node falls back to the common name of a certificate without subject alternative names; Go does not.
 *
 * Source: Go `crypto/x509/verify.go` VerifyHostname.
 */
export function identityProblem(host: string, certificate: PeerCertificate): Error | undefined {
  if (certificate.subjectaltname === undefined || certificate.subjectaltname === '') {
    const problem = new Error('the certificate of the server has no alternative names')
    return Object.assign(problem, { code: 'KUBE_AUTHN_MISSING_SAN' })
  }
  return checkServerIdentity(host, certificate)
}

export const transportShape: OptionsShape<Transport> = {
  ca: aString,
  caFile: aPath,
  serverName: aString,
  insecureSkipTlsVerify: aBoolean,
  cert: aString,
  certFile: aPath,
  key: aString,
  keyFile: aPath,
  proxyUrl: aString,
}

const CREDENTIAL_TYPES: ReadonlySet<unknown> = new Set(['token', 'tokenFile', 'basic'])

export const endpointShape: OptionsShape<Endpoint> = {
  ...transportShape,
  server: required(aString),
  credential: must(
    "must be a credential of type 'token', 'tokenFile' or 'basic'",
    (value) =>
      typeof value === 'object' && value !== null && 'type' in value && CREDENTIAL_TYPES.has(value.type),
  ),
}
