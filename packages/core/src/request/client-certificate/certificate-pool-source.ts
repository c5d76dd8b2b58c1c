import { ConfigurationError, type ConfigurationProblem } from '../../authenticator/errors.ts'
import { hasMethod, problemOf } from '../../internal/options/check.ts'
import { type CertificatePool, certificatePool } from '../../internal/x509/index.ts'

/** Trusted certificates that may change, as those of a file that is read again. */
export interface CertificatePoolSource {
  /** What is trusted at this moment, the same object until it changes; `undefined` while nothing is known yet. */
  current(): CertificatePool | undefined
}

/** The check of an option that says whose signature is trusted. */
export function aPemBundleOrSource(value: unknown, path: string): readonly ConfigurationProblem[] {
  if (typeof value !== 'string') {
    return hasMethod(value, 'current')
      ? []
      : problemOf(value, path, 'must be a PEM bundle or a source of certificates')
  }
  if (value === '' || value.includes('-----BEGIN ') || /[\r\n]/.test(value.trim())) return []
  const message =
    'must be a PEM bundle, not its path: certificateAuthoritiesAt(path) of @kube-authn/node reads and watches a file'
  return [{ path, message }]
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
  if (typeof ca !== 'string') return ca
  try {
    const pool = certificatePool(ca)
    return { current: () => pool }
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : 'cannot be read'
    throw new ConfigurationError([{ path, message }], { cause })
  }
}
