import type { JsonObject } from '../../internal/objects.ts'
import { andThen, type Awaitable } from '../../internal/awaitable.ts'
import type { Clock } from '../../internal/clock.ts'
import type { Context } from '../../authenticator/context.ts'
import { rejected } from '../../authenticator/errors.ts'
import { notify } from '../../authenticator/notify.ts'
import { quoted } from '@kube-authn/internal/quote'
import type { ClaimsValidator, ValidClaims } from './claims-validator.ts'
import { type NamedObject, readObject, type ServiceAccount, type ServiceAccountObjects } from './objects.ts'
import { objectClaim, referenceClaim, textClaim, timeClaim } from './read-claims.ts'
import type { ObjectReference } from './user-info.ts'

/** The allowed clock skew. Deleted objects are accepted for as long: pods need their tokens to shut down. */
const LEEWAY_MS = 60_000

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
    const namespace = textClaim(kubernetes, 'namespace')
    const account = referenceClaim(kubernetes, 'serviceaccount') ?? { name: '', uid: '' }
    const secret = referenceClaim(kubernetes, 'secret')
    const pod = referenceClaim(kubernetes, 'pod')
    const node = referenceClaim(kubernetes, 'node')
    const warnAfterMs = timeClaim(kubernetes, 'warnafter') ?? 0
    const deletedBeforeMs = nowMs - LEEWAY_MS

    const checkAccount = (found: ServiceAccount | undefined): void => {
      if (found === undefined) throw rejected(`serviceaccounts ${quoted(account.name)} not found`)
      if (found.uid !== account.uid) {
        throw rejected(`service account UID (${found.uid}) does not match claim (${account.uid})`)
      }
      if (isDeleted(found, deletedBeforeMs)) {
        throw rejected(`service account ${namespace}/${account.name} has been deleted`)
      }
    }
    const check = (
      kind: string,
      reference: ObjectReference,
      get: () => ReturnType<ServiceAccountObjects['getNode']>,
    ): Awaitable<void> =>
      readObject(kind, get, (object) => {
        if (object !== undefined && object.uid !== reference.uid) {
          throw rejected(
            `${kind} UID (${object.uid}) does not match service account ${kind} ref claim (${reference.uid})`,
          )
        }
        if (object === undefined || isDeleted(object, deletedBeforeMs)) {
          throw rejected('service account token has been invalidated')
        }
      })
    const checkSecret = (): Awaitable<void> =>
      secret && check('secret', secret, () => andThen(objects.getSecret(namespace, secret.name), withUid))
    const checkPodOrNode = (): Awaitable<void> => {
      if (pod !== undefined) return check('pod', pod, () => objects.getPod(namespace, pod.name))
      // Pods do not move between nodes, so the node of a pod needs no check.
      return node && check('node', node, () => objects.getNode(node.name))
    }
    const validClaims = (): ValidClaims => {
      if (warnAfterMs !== 0) noteAge(context, textClaim(claims, 'sub'), nowMs - warnAfterMs)
      const tokenId = textClaim(claims, 'jti')
      return {
        info: { namespace, ...account, pod, node, credentialId: tokenId === '' ? '' : `JTI=${tokenId}` },
        expiresAtMs: expiresAtMs === undefined ? undefined : expiresAtMs + LEEWAY_MS,
        issuedAtMs,
      }
    }

    const read = (): ReturnType<ServiceAccountObjects['getServiceAccount']> =>
      objects.getServiceAccount(namespace, account.name)
    const accountIsThere = readObject('service account', read, checkAccount)
    return andThen(andThen(andThen(accountIsThere, checkSecret), checkPodOrNode), validClaims)
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

function isDeleted({ deletionTimestampMs }: Omit<NamedObject, 'name'>, beforeMs: number): boolean {
  return deletionTimestampMs !== undefined && deletionTimestampMs < beforeMs
}

function withUid<T extends { readonly uid?: string }>(
  object: T | undefined,
): (T & { uid: string }) | undefined {
  return object && { ...object, uid: object.uid ?? '' }
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
