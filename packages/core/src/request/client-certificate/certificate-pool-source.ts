import { messageOf } from '../../internal/thrown.ts'
import { ConfigurationError, type ConfigurationProblem } from '../../authenticator/errors.ts'
import { hasMethod, problemOf } from '../../internal/options/check.ts'
import type { CertificatePoolSource } from '../../authenticator/authenticator.ts'
import { certificatePool } from '@kube-authn/x509'

/** The check of an option with trusted certificates. */
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
 * The certificates of an option as a source: a PEM bundle never changes; a source is returned unchanged.
 *
 * @param path the name of the option.
 * @throws {ConfigurationError} if the bundle cannot be read.
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
    const message = messageOf(cause, 'cannot be read')
    throw new ConfigurationError([{ path, message }], { cause })
  }
}
