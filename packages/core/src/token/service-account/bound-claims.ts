import type { JsonObject } from '../../internal/objects.ts'
import { andThen, type Awaitable } from '../../internal/awaitable.ts'
import type { Clock } from '../../internal/clock.ts'
import type { Context } from '../../authenticator/context.ts'
import { rejected } from '../../authenticator/errors.ts'
import { notify } from '../../authenticator/notify.ts'
import {
  type NamedObject,
  readObject,
  revocationWith,
  type ServiceAccountObjects,
  type WatchedObject,
} from './objects.ts'
import {
  type ClaimsValidator,
  type ValidClaims,
  objectClaim,
  referenceClaim,
  textClaim,
  timeClaim,
} from './read-claims.ts'
import type { ObjectReference } from './user-info.ts'
import { quoted } from '@kube-authn/internal/quote'

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

/** The allowed clock skew. Deleted objects are accepted for as long: pods need their tokens to shut down. */
const LEEWAY_MS = 60_000

/** The objects that a token of the TokenRequest API refers to. */
interface References {
  readonly namespace: string
  readonly account: ObjectReference
  readonly secret: ObjectReference | undefined
  readonly pod: ObjectReference | undefined
  readonly node: ObjectReference | undefined
}

/** The objects that are checked. Pods do not move between nodes, so the node of a pod needs no check. */
function checkedObjects({ namespace, account, secret, pod, node }: References): readonly WatchedObject[] {
  const watched: WatchedObject[] = [{ kind: 'ServiceAccount', namespace, name: account.name }]
  if (secret !== undefined) watched.push({ kind: 'Secret', namespace, name: secret.name })
  if (pod !== undefined) watched.push({ kind: 'Pod', namespace, name: pod.name })
  else if (node !== undefined) watched.push({ kind: 'Node', namespace: '', name: node.name })
  return watched
}

/**
 * Checks that the service account and the object that a token is bound to exist, or were deleted within the last minute.
 *
 * @throws {AuthenticationError} `rejected` if one is gone or another one; `unavailable` if it cannot be read.
 */
function checkReferences(
  objects: ServiceAccountObjects,
  clock: Clock,
  { namespace, account, secret, pod, node }: References,
): Awaitable<void> {
  const isDeleted = ({ deletionTimestampMs }: Pick<NamedObject, 'deletionTimestampMs'>): boolean =>
    deletionTimestampMs !== undefined && deletionTimestampMs < clock.now() - LEEWAY_MS

  const checkAccount = (): Awaitable<void> =>
    readObject(
      'service account',
      () => objects.getServiceAccount(namespace, account.name),
      (found) => {
        if (found === undefined) throw rejected(`serviceaccounts ${quoted(account.name)} not found`)
        if (found.uid !== account.uid) {
          throw rejected(`service account UID (${found.uid}) does not match claim (${account.uid})`)
        }
        if (isDeleted(found)) {
          throw rejected(`service account ${namespace}/${account.name} has been deleted`)
        }
      },
    )
  const check = (
    kind: string,
    reference: ObjectReference,
    get: () => Awaitable<Partial<Omit<NamedObject, 'name'>> | undefined>,
  ): Awaitable<void> =>
    readObject(kind, get, (object) => {
      const { uid = '' } = object ?? {}
      if (object !== undefined && uid !== reference.uid) {
        throw rejected(
          `${kind} UID (${uid}) does not match service account ${kind} ref claim (${reference.uid})`,
        )
      }
      if (object === undefined || isDeleted(object)) {
        throw rejected('service account token has been invalidated')
      }
    })
  const checkSecret = (): Awaitable<void> =>
    secret && check('secret', secret, () => objects.getSecret(namespace, secret.name))
  const checkPodOrNode = (): Awaitable<void> => {
    if (pod !== undefined) return check('pod', pod, () => objects.getPod(namespace, pod.name))
    return node && check('node', node, () => objects.getNode(node.name))
  }
  return andThen(andThen(checkAccount(), checkSecret), checkPodOrNode)
}
