import { aBoolean, type OptionsShape } from '@kube-authn/core/adapter'
import { aString } from '@kube-authn/core/internal'
import { aPath } from '../options/a-path.ts'
import type { Transport } from './endpoint.ts'

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
