import { ConfigurationError } from '../errors.ts'
import { type CertificatePool, certificatePool } from '../x509/index.ts'

/** Trusted certificates that may change, as those of a file that is read again. */
export interface CertificatePoolSource {
  /** What is trusted at this moment, the same object until it changes; `undefined` while nothing is known yet. */
  current(): CertificatePool | undefined
}

/**
 * The source of what an option says is trusted: a PEM bundle, which never changes, or a source.
 *
 * @param path the name of the option.
 * @throws {ConfigurationError} when the bundle cannot be read.
 */
export function certificatePoolSource(
  ca: string | CertificatePoolSource,
  path: string,
): CertificatePoolSource {
  if (typeof ca !== 'string') {
    if (typeof (ca as Partial<CertificatePoolSource> | undefined)?.current === 'function') return ca
    throw new ConfigurationError([{ path, message: 'must be a PEM bundle or a source of certificates' }])
  }
  try {
    const pool = certificatePool(ca)
    return { current: () => pool }
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : 'cannot be read'
    throw new ConfigurationError([{ path, message }], { cause })
  }
}
