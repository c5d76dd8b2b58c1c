import { aBoolean, type OptionsShape, required } from '@kube-authn/core/adapter'
import { aString, must } from '@kube-authn/core/internal'
import { aPath } from '../options/file-option.ts'
import type { Endpoint, Transport } from './endpoint.ts'

/** The checks of a {@link Transport}. */
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

/** The checks of an {@link Endpoint}. */
export const endpointShape: OptionsShape<Endpoint> = {
  ...transportShape,
  server: required(aString),
  credential: must(
    "must be a credential of type 'token', 'tokenFile' or 'basic'",
    (value) =>
      typeof value === 'object' && value !== null && 'type' in value && CREDENTIAL_TYPES.has(value.type),
  ),
}
