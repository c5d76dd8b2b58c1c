import { aFunction, checkOptions, notify, type OptionsShape } from '@kube-authn/core/adapter'
import type { Observer } from '@kube-authn/core'
import { CertificateError, type CertificatePool, certificatePool } from '@kube-authn/x509'
import { fileShape, type FileOptions } from '../options/reload-options.ts'
import { fileSource } from '../file-source/file-source.ts'
import { latin1 } from '../file-source/read-file.ts'
import type { FileSource } from '../file-source/reloading-source.ts'

/** Options of {@link certificateAuthoritiesAt}. */
export type CertificateAuthoritiesAtOptions = FileOptions & {
  /** An additional check of a bundle: throws to refuse it. */
  readonly check?: (pool: CertificatePool) => void
}

export const certificateAuthoritiesAtShape: OptionsShape<CertificateAuthoritiesAtOptions> = {
  ...fileShape,
  check: aFunction,
}

/**
 * Reads a bundle of certificates in PEM, and reloads it when it changes (`--client-ca-file`). Once a CA is removed, its certificates are refused, on
 * open connections too.
 *
 * Source: apiserver `pkg/server/dynamiccertificates/dynamic_cafile_content.go`.
 *
 * @throws {CertificateError} if it contains no certificate or an unreadable one; any error of reading the file.
 * @example
 * const certificates = clientCertificate({ ca: certificateAuthoritiesAt('/etc/my-app/client-ca.crt') })
 */
export function certificateAuthoritiesAt(
  path: string,
  options: CertificateAuthoritiesAtOptions = {},
): FileSource<CertificatePool> {
  checkOptions(certificateAuthoritiesAtShape, options)
  const { check, ...file } = options
  return fileSource(path, {
    ...file,
    parse(content) {
      if (content.length === 0) throw new Error(`${path}: missing content for CA bundle`)
      const pool = poolOf(path, latin1.decode(content))
      adviseOnAuthorities(path, pool, options.observer)
      check?.(pool)
      return pool
    },
  })
}

/** @throws {CertificateError} with the path and what the file contains instead. */
function poolOf(path: string, pem: string): CertificatePool {
  try {
    return certificatePool(pem)
  } catch (error) {
    if (!(error instanceof CertificateError)) throw error
    const labels = new Set(pem.match(/(?<=^-----BEGIN )[A-Z0-9 ]{1,40}(?=-----)/gm) ?? [])
    labels.delete('CERTIFICATE')
    const others = labels.size === 0 ? '' : `; the file holds: ${[...labels].join(', ')}`
    throw new CertificateError(error.code, `${path}: ${error.message}${others}`)
  }
}

/** Kubernetes trusts every certificate in the file; one that is not a CA's only validates itself. */
function adviseOnAuthorities(path: string, { certificates }: CertificatePool, observer?: Observer): void {
  const others = certificates.filter(
    ({ version, extensions }) => version === 3 && extensions.basicConstraints?.isCa !== true,
  )
  if (others.length === 0) return
  const message =
    `${others.length} of ${certificates.length} certificates are not CA certificates (basicConstraints): ` +
    'certificates that they sign are not accepted; use the certificate of the CA that signs the clients'
  notify(observer, {
    type: 'fileNotice',
    file: path,
    notice: { severity: 'advice', code: 'noAuthority', message },
  })
}
