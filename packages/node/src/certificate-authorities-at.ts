import { notify, type Observer } from '@kube-authn/core'
import { aFunction, checkOptions, type OptionsShape } from '@kube-authn/core/options'
import { CertificateError, type CertificatePool, certificatePool } from '@kube-authn/core/x509'
import { fileShape } from './options/reload-shape.ts'
import { fileSource, type FileSourceOptions } from './file-source/file-source.ts'
import type { FileSource } from './file-source/reloading-source.ts'

/** Options of {@link certificateAuthoritiesAt}. */
export type CertificateAuthoritiesAtOptions = Omit<FileSourceOptions<unknown>, 'parse'> & {
  /** Refuses a bundle by throwing, beyond what makes it no bundle. */
  readonly check?: (pool: CertificatePool) => void
}

/** The checks of {@link CertificateAuthoritiesAtOptions}. */
export const certificateAuthoritiesAtShape: OptionsShape<CertificateAuthoritiesAtOptions> = {
  ...fileShape,
  check: aFunction,
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

// PEM is ASCII; whatever stands around it may be anything.
const latin1 = new TextDecoder('latin1')

/** @throws {CertificateError} with the path, and with what is in the file instead. */
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

/** Kubernetes trusts whatever is in the file, and a certificate that is no CA's vouches for itself only. */
function adviseOnAuthorities(path: string, { certificates }: CertificatePool, observer?: Observer): void {
  const others = certificates.filter(
    ({ version, extensions }) => version === 3 && extensions.basicConstraints?.isCa !== true,
  )
  if (others.length === 0) return
  const message =
    `${others.length} of ${certificates.length} certificates are not of a CA (basicConstraints): ` +
    'what they sign is not accepted; give the certificate of the CA that signs the clients'
  notify(observer, {
    type: 'fileNotice',
    file: path,
    notice: { severity: 'advice', code: 'noAuthority', message },
  })
}
