import { isConfigurationError } from '@kube-authn/core/internal'
import { issuerDiscovery, type KeySource } from '@kube-authn/core/service-account'
import type { ServedDocuments } from '../../server/api-server-options.ts'
import type { Log } from './server-log.ts'
import type { ServiceAccountSettings } from './settings.ts'

/**
 * The discovery documents of the issuer of tokens. An issuer without a valid document can issue tokens nevertheless, as in Kubernetes; the log says why there is
 * none.
 *
 * @param address host and port for clients; `undefined` until the port is known.
 */
export function issuerDocuments(
  { issuers: [issuer], jwksUri }: ServiceAccountSettings,
  keys: KeySource,
  address: () => string | undefined,
  log: Log,
): ServedDocuments {
  let documents: ServedDocuments | undefined
  const make = (externalAddress: string): ServedDocuments => {
    try {
      return issuerDiscovery({ issuer, keys, externalAddress, ...(jwksUri !== undefined && { jwksUri }) })
    } catch (error) {
      if (!isConfigurationError(error)) throw error
      log({ level: 'warn', message: `the issuer of tokens has no discovery document: ${error.message}` })
      return { documentAt: () => undefined }
    }
  }
  return {
    documentAt(path) {
      const externalAddress = address()
      if (externalAddress !== undefined) documents ??= make(externalAddress)
      return documents?.documentAt(path)
    },
  }
}
