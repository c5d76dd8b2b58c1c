import { isEqualInConstantTime } from '@kube-authn/core/internal/shared'
import type { SessionContent } from './session-keeper.ts'

/**
 * Whether a session must not be used on a connection, since its login was on one with another client certificate: then the cookie was stolen.
 *
 * A session of a login without a certificate may be used with any.
 *
 * @param certificate the SHA-256 digest of the client certificate of the connection, written as at the login; `undefined` without one.
 */
export function isBoundElsewhere(
  { certificate: expected }: Pick<SessionContent, 'certificate'>,
  certificate: string | undefined,
): boolean {
  return expected !== undefined && !isEqualInConstantTime(certificate ?? '', expected)
}
