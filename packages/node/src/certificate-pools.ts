import { assertDistinctPools } from '@kube-authn/core/request-header'
import type { CertificatePool } from '@kube-authn/core/x509'
import {
  certificateAuthoritiesAt,
  type CertificateAuthoritiesAtOptions,
} from './certificate-authorities-at.ts'
import type { Opener } from './opener.ts'
import type { FileSource } from './file-source/reloading-source.ts'

/** A file, and how it is read. */
export type CertificateAuthoritiesFile = { readonly path: string } & CertificateAuthoritiesAtOptions

/** Who signs the certificates of users, and who those of proxies. */
export interface CertificatePools {
  readonly clientCA: FileSource<CertificatePool> | undefined
  readonly requestHeaderCA: FileSource<CertificatePool> | undefined
}

/** The bundles as they are at a moment, as far as they are known. */
export interface KnownPools {
  readonly clientCA?: CertificatePool | undefined
  readonly requestHeaderCA?: CertificatePool | undefined
}

/**
 * Opens the two bundles. Each is checked against the other, on every reload too: a user must not be taken for the proxy, nor the
 * proxy for a user.
 *
 * @param elsewhere where one comes from that is in no file.
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

  const requestHeaderCA = openOne('requestHeader.clientCA', files.requestHeaderCA, (pool) => {
    assertDistinct(pools.clientCA?.current() ?? elsewhere().clientCA, pool)
  })
  if (requestHeaderCA !== undefined) pools.requestHeaderCA = requestHeaderCA
  const clientCA = openOne('clientCA', files.clientCA, (pool) => {
    assertDistinct(pool, requestHeaderCA?.current() ?? elsewhere().requestHeaderCA)
  })
  if (clientCA !== undefined) pools.clientCA = clientCA
  return { clientCA, requestHeaderCA }
}

/** @throws {ConfigurationError} when both are known and have a CA in common. */
export function assertDistinct(
  clientCA: CertificatePool | undefined,
  requestHeaderCA: CertificatePool | undefined,
): void {
  if (clientCA !== undefined && requestHeaderCA !== undefined) assertDistinctPools(clientCA, requestHeaderCA)
}
