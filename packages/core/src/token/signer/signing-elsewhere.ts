import { internalFailure, serviceUnavailable } from '../../internal/status-errors.ts'
import type { Clock } from '../../internal/clock.ts'
import type { Context } from '../../authenticator/context.ts'
import { isAuthenticationError } from '../../authenticator/errors.ts'
import { notify } from '../../authenticator/notify.ts'
import { signerCode } from '../../authenticator/external-signer-events.ts'
import { limitConcurrency } from '../../internal/limit-concurrency.ts'
import { signedBy, type TokenSigner } from './token-signer.ts'

const MAX_SIGNED_AT_ONCE = 64
const MAX_WAITING = 256

/**
 * Signs claims with a signer, with limited concurrency.
 *
 * @throws {StatusError} 500 if signing fails, 503 if too many tokens are being signed.
 */
export function signingElsewhere(
  signer: TokenSigner,
  timeoutSeconds: number,
  clock: Clock,
): (claims: object, context: Context) => Promise<string> {
  const limited = limitConcurrency({
    maxConcurrent: MAX_SIGNED_AT_ONCE,
    maxWaiting: MAX_WAITING,
    tooMany: 'too many tokens are being signed',
  })
  return async (claims, { observer, signal }) => {
    const tell = (code: string): void => notify(observer, { type: 'externalSigner', operation: 'sign', code })
    try {
      const token = await limited(() => signedBy(signer, claims, { timeoutSeconds, clock, signal }), signal)
      tell('OK')
      return token
    } catch (error) {
      tell(signerCode(error))
      if (isAuthenticationError(error) && error.retryAfterSeconds !== undefined) {
        throw serviceUnavailable(error.message, error, error.retryAfterSeconds)
      }
      throw internalFailure('failed to generate token', error)
    }
  }
}
