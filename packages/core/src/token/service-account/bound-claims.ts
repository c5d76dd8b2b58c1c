import type { JsonObject } from '../../internal/objects.ts'
import { andThen, type Awaitable } from '../../internal/awaitable.ts'
import type { Clock } from '../../internal/clock.ts'
import type { Context } from '../../authenticator/context.ts'
import { rejected } from '../../authenticator/errors.ts'
import { notify } from '../../authenticator/notify.ts'
import { revocationWith, type ServiceAccountObjects } from './objects.ts'
import {
  type ClaimsValidator,
  type ValidClaims,
  objectClaim,
  referenceClaim,
  textClaim,
  timeClaim,
} from './read-claims.ts'
import { checkedObjects, checkReferences, LEEWAY_MS, type References } from './referenced-objects.ts'

/**
 * Validates the claims of a token from the TokenRequest API: times, the service account, and the object that the token is bound to.
 *
 * Source: kubernetes `pkg/serviceaccount/claims.go` (`validator.Validate`).
 */
export function boundClaimsValidator(objects: ServiceAccountObjects, clock: Clock): ClaimsValidator {
  return ({ claims }, context) => {
    const nowMs = clock.now()
    const { expiresAtMs, issuedAtMs } = checkTimes(claims, nowMs)
    const kubernetes = objectClaim(claims, 'kubernetes.io') ?? {}
    const references: References = {
      namespace: textClaim(kubernetes, 'namespace'),
      account: referenceClaim(kubernetes, 'serviceaccount') ?? { name: '', uid: '' },
      secret: referenceClaim(kubernetes, 'secret'),
      pod: referenceClaim(kubernetes, 'pod'),
      node: referenceClaim(kubernetes, 'node'),
    }
    const warnAfterMs = timeClaim(kubernetes, 'warnafter') ?? 0
    const check = (): Awaitable<void> => checkReferences(objects, clock, references)

    return andThen(check(), (): ValidClaims => {
      if (warnAfterMs !== 0) noteAge(context, textClaim(claims, 'sub'), nowMs - warnAfterMs)
      const { namespace, account, pod, node } = references
      const tokenId = textClaim(claims, 'jti')
      return {
        info: { namespace, ...account, pod, node, credentialId: tokenId === '' ? '' : `JTI=${tokenId}` },
        expiresAtMs: expiresAtMs === undefined ? undefined : expiresAtMs + LEEWAY_MS,
        issuedAtMs,
        revocation: revocationWith(objects, () => checkedObjects(references), check),
      }
    })
  }
}

/** Returns the times of the token, if it has them. */
function checkTimes(
  claims: JsonObject,
  nowMs: number,
): { readonly expiresAtMs: number | undefined; readonly issuedAtMs: number | undefined } {
  const [expiry, notBefore, issuedAt] = ['exp', 'nbf', 'iat'].map((name) => timeClaim(claims, name))
  if (notBefore !== undefined && notBefore > nowMs + LEEWAY_MS) {
    throw rejected('service account token is not valid yet')
  }
  if (expiry !== undefined && expiry < nowMs - LEEWAY_MS) throw rejected('service account token has expired')
  if (issuedAt !== undefined && issuedAt > nowMs + LEEWAY_MS) {
    throw rejected('service account token is issued in the future')
  }
  return { expiresAtMs: expiry, issuedAtMs: issuedAt }
}

/** Records whether a token with an extended expiry is used after its client should have renewed it. */
function noteAge(context: Context, subject: string, lateMs: number): void {
  const isStale = lateMs > 0
  notify(context.observer, { type: 'serviceAccountToken', status: isStale ? 'stale' : 'valid' })
  if (!isStale) return
  const lateSeconds = Math.floor(lateMs / 1000)
  context.annotate?.(
    'authentication.k8s.io/stale-token',
    `subject: ${subject}, seconds after warning threshold: ${lateSeconds}`,
  )
}
