import { assertDistinctPools } from '@kube-authn/core/client-certificate'
import type { CertificatePool } from '@kube-authn/x509'
import {
  certificateAuthoritiesAt,
  type CertificateAuthoritiesAtOptions,
} from '../at/certificate-authorities-at.ts'
import type { Opener } from '../configure/opener.ts'
import type { FileSource } from '../file-source/reloading-source.ts'

/** A CA file and its options. */
export type CertificateAuthoritiesFile = { readonly path: string } & CertificateAuthoritiesAtOptions

/** The CAs of users and the CAs of front proxies. */
export interface CertificatePools {
  readonly clientCA: FileSource<CertificatePool> | undefined
  readonly requestHeaderCA: FileSource<CertificatePool> | undefined
}

/** The current bundles, if known. */
export interface KnownPools {
  readonly clientCA?: CertificatePool | undefined
  readonly requestHeaderCA?: CertificatePool | undefined
}

/**
 * Opens the two bundles. Each is checked against the other, on every reload too: a user must not pass for the proxy, nor the proxy for a user.
 *
 * @param elsewhere the source of a bundle that is not in a file.
 */
export function openCertificatePools(
  files: {
    readonly clientCA: CertificateAuthoritiesFile | undefined
    readonly requestHeaderCA: CertificateAuthoritiesFile | undefined
  },
  opener: Opener,
  elsewhere: () => KnownPools = () => ({}),
): CertificatePools {
  const pools: { clientCA?: FileSource<CertificatePool>; requestHeaderCA?: FileSource<CertificatePool> } = {}
  const openOne = (
    option: string,
    file: CertificateAuthoritiesFile | undefined,
    check: (pool: CertificatePool) => void,
  ): FileSource<CertificatePool> | undefined => {
    if (file === undefined) return undefined
    const { path, ...options } = file
    return opener.openFile(option, () => certificateAuthoritiesAt(path, { ...options, check }))
  }

  const requestHeaderCA = openOne('requestHeader.caFile', files.requestHeaderCA, (pool) => {
    assertDistinct(pools.clientCA?.current() ?? elsewhere().clientCA, pool)
  })
  if (requestHeaderCA !== undefined) pools.requestHeaderCA = requestHeaderCA
  const clientCA = openOne('clientCAFile', files.clientCA, (pool) => {
    assertDistinct(pool, requestHeaderCA?.current() ?? elsewhere().requestHeaderCA)
  })
  if (clientCA !== undefined) pools.clientCA = clientCA
  return { clientCA, requestHeaderCA }
}

/** @throws {ConfigurationError} if both are known and have a CA in common. */
export function assertDistinct(
  clientCA: CertificatePool | undefined,
  requestHeaderCA: CertificatePool | undefined,
): void {
  if (clientCA !== undefined && requestHeaderCA !== undefined) assertDistinctPools(clientCA, requestHeaderCA)
}
