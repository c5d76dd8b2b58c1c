import { type CertificatePool, certificatePool } from '@kube-authn/core/x509'
import { fileSource, type FileSourceOptions } from './file-source/file-source.ts'
import type { FileSource } from './file-source/reloading-source.ts'

/** Options of {@link certificateAuthoritiesAt}. */
export type CertificateAuthoritiesAtOptions = Omit<FileSourceOptions<unknown>, 'parse'> & {
  /** Refuses a bundle by throwing, beyond what makes it no bundle. */
  readonly check?: (pool: CertificatePool) => void
}

/**
 * Reads a bundle of certificates in PEM, and reads it again when it changes (`--client-ca-file`). What is removed from it is
 * refused from then on, also on connections that are open.
 *
 * Source: apiserver `pkg/server/dynamiccertificates/dynamic_cafile_content.go`.
 *
 * @throws {CertificateError} when there is no certificate in it, or one that cannot be read; whatever reading the file throws.
 * @example
 * const certificates = clientCertificate({ ca: certificateAuthoritiesAt('/etc/my-app/client-ca.crt') })
 */
export function certificateAuthoritiesAt(
  path: string,
  options: CertificateAuthoritiesAtOptions = {},
): FileSource<CertificatePool> {
  const { check, ...file } = options
  return fileSource(path, {
    ...file,
    parse(content) {
      if (content.length === 0) throw new Error(`${path}: missing content for CA bundle`)
      const pool = certificatePool(latin1.decode(content))
      check?.(pool)
      return pool
    },
  })
}

// PEM is ASCII; whatever stands around it may be anything.
const latin1 = new TextDecoder('latin1')
