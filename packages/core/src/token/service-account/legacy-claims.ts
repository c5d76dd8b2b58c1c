import type { JsonObject } from '../../internal/objects.ts'
import { andThen, type Awaitable, settle } from '../../internal/awaitable.ts'
import type { Clock } from '../../internal/clock.ts'
import type { Context } from '../../authenticator/context.ts'
import { keyedDigest } from '../../internal/digest/keyed-digest.ts'
import { sha256 } from '#sha256'
import { type AuthenticationError, rejected } from '../../authenticator/errors.ts'
import { notify } from '../../authenticator/notify.ts'
import { quoted } from '@kube-authn/internal/quote'
import { tell } from '../../internal/tell.ts'
import { type Precondition, type Secret, valueOf } from '../../internal/secret.ts'
import {
  readObject,
  revocationWith,
  type ServiceAccount,
  type ServiceAccountObjects,
  type WatchedObject,
} from './objects.ts'
import { type ClaimsValidator, type ValidClaims, textClaim } from './read-claims.ts'
import { serviceAccountNamed } from '../../authenticator/service-account-name.ts'

/** The label with the day, in UTC, on which the token in a secret was last used. */
export const LAST_USED_LABEL = 'kubernetes.io/legacy-token-last-used'
/** The label with the day since which the token in a secret is invalid. */
export const INVALID_SINCE_LABEL = 'kubernetes.io/legacy-token-invalid-since'

/** The objects that tokens in secrets are checked against. */
export interface LegacyTokenObjects extends Pick<
  ServiceAccountObjects,
  'getServiceAccount' | 'getSecret' | 'watchObject'
> {
  /** Sets a label of a secret that meets the precondition; a missing or different secret is not an error. Without this function the last use of tokens is not recorded. */
  labelSecret?(
    namespace: string,
    name: string,
    label: string,
    value: string,
    precondition: Precondition,
  ): Awaitable<void>
}

export interface LegacyLookup {
  readonly objects: LegacyTokenObjects
  readonly clock: Clock
  readonly onError?: ((error: unknown) => void) | undefined
}

interface LegacyClaims {
  readonly namespace: string
  readonly name: string
  readonly uid: string
  readonly secretName: string
}

/**
 * Validates the claims of a token from a secret. With a lookup, it also checks that the secret still contains this token and that the
 * service account is unchanged. Such tokens never expire; time claims are ignored.
 *
 * Source: kubernetes `pkg/serviceaccount/legacy.go` (`legacyValidator.Validate`).
 */
export function legacyClaimsValidator(lookup: LegacyLookup | undefined): ClaimsValidator {
  const digest = keyedDigest(sha256)
  const isSame = (one: string, other: string): boolean => digest(one) === digest(other)
  return ({ token, claims }, context) => {
    const read = readLegacyClaims(claims)
    const { namespace, name, uid, secretName } = read
    const info = { namespace, name, uid }
    if (lookup === undefined) return { info }
    const { objects } = lookup
    let compared: Secret | undefined
    const hasToken = (secret: Secret): boolean => {
      // One that is in memory and has not changed needs no other comparison.
      if (secret === compared) return true
      if (!isSame(valueOf(secret.data, 'token'), token)) return false
      compared = secret
      return true
    }
    const find = (): Awaitable<FoundObjects> => findObjects(objects, read, hasToken)
    const watched: readonly WatchedObject[] = [
      { kind: 'ServiceAccount', namespace, name },
      { kind: 'Secret', namespace, name: secretName },
    ]

    return andThen(find(), (found) => {
      const refusal = judge(found, context)
      return andThen(keepLastUsed(found.secret, lookup), (): ValidClaims => {
        if (refusal !== undefined) throw refusal
        const recheck = (): Awaitable<void> =>
          andThen(find(), (again) => {
            const ended = invalidation(again)
            if (ended !== undefined) throw ended
          })
        return { info, revocation: revocationWith(objects, () => watched, recheck) }
      })
    })
  }
}

/** What a token from a secret refers to. */
interface FoundObjects {
  readonly secret: Secret
  readonly account: ServiceAccount
}

/** @throws {AuthenticationError} `rejected` if one of them is gone or another one; `unavailable` if it cannot be read. */
function findObjects(
  objects: LegacyTokenObjects,
  { namespace, name, uid, secretName }: LegacyClaims,
  hasToken: (secret: Secret) => boolean,
): Awaitable<FoundObjects> {
  const checkSecret = (secret: Secret | undefined): Secret => {
    if (secret === undefined || secret.deletionTimestampMs !== undefined) {
      throw rejected('Token has been invalidated')
    }
    if (!hasToken(secret)) throw rejected("Token does not match server's copy")
    return secret
  }
  const checkAccount = (account: ServiceAccount | undefined): ServiceAccount => {
    if (account === undefined) throw rejected(`serviceaccounts ${quoted(name)} not found`)
    if (account.deletionTimestampMs !== undefined) {
      throw rejected(`ServiceAccount ${namespace}/${name} has been deleted`)
    }
    if (account.uid !== uid)
      throw rejected(`ServiceAccount UID (${account.uid}) does not match claim (${uid})`)
    return account
  }
  const found = readObject('secret', () => objects.getSecret(namespace, secretName), checkSecret)
  return andThen(found, (secret) => {
    const read = (): ReturnType<typeof objects.getServiceAccount> =>
      objects.getServiceAccount(namespace, name)
    return andThen(readObject('service account', read, checkAccount), (account) => ({ secret, account }))
  })
}

function readLegacyClaims(claims: JsonObject): LegacyClaims {
  const claim = (name: string): string => textClaim(claims, `kubernetes.io/serviceaccount/${name}`)
  const subject = textClaim(claims, 'sub')
  const namespace = claim('namespace')
  const secretName = claim('secret.name')
  const name = claim('service-account.name')
  const uid = claim('service-account.uid')
  const present = { sub: subject, namespace, secretName, serviceAccountName: name, serviceAccountUID: uid }
  for (const [what, value] of Object.entries(present)) {
    if (value === '') throw rejected(`${what} claim is missing`)
  }
  const account = serviceAccountNamed(subject)
  if (account?.namespace !== namespace || account.name !== name) throw rejected('sub claim is invalid')
  return { namespace, name, uid, secretName }
}

/** The error if the secret is marked invalid. */
function invalidation({ secret, account }: FoundObjects): AuthenticationError | undefined {
  const { namespace, name } = secret
  return valueOf(secret.labels, INVALID_SINCE_LABEL) === ''
    ? undefined
    : rejected(
        `the token in secret ${namespace}/${name} for service account ${namespace}/${account.name} has been marked invalid. ` +
          'Use tokens from the TokenRequest API or manually created secret-based tokens, or remove the ' +
          `'${INVALID_SINCE_LABEL}' label from the secret to temporarily allow use of this token`,
      )
}

/** Records how the secret was created. Returns an error if the secret is marked invalid. */
function judge(found: FoundObjects, context: Context): AuthenticationError | undefined {
  const { secret, account } = found
  const { namespace, name } = secret
  const refusal = invalidation(found)
  if (refusal !== undefined) {
    context.annotate?.('authentication.k8s.io/legacy-token-invalidated', `${name}/${namespace}`)
    notify(context.observer, { type: 'serviceAccountToken', status: 'invalidated' })
    return refusal
  }
  const status = account.secrets?.includes(name) === true ? 'autogenerated' : 'manual'
  context.annotate?.(`authentication.k8s.io/legacy-token-${status}-secret`, name)
  notify(context.observer, { type: 'serviceAccountToken', status })
  if (status === 'autogenerated') context.warn?.(GENERATED_WARNING)
  return undefined
}

const GENERATED_WARNING =
  'Use tokens from the TokenRequest API or manually created secret-based tokens instead of auto-generated secret-based tokens.'

const DAY_MS = 86_400_000

/** Writes the day once; the next day counts too, as another server's clock may be ahead. A failed write does not refuse the token. */
function keepLastUsed(secret: Secret, { objects, clock, onError }: LegacyLookup): Awaitable<void> {
  const nowMs = clock.now()
  const [today = '', tomorrow] = [nowMs, nowMs + DAY_MS].map((ms) => new Date(ms).toISOString().slice(0, 10))
  const lastUsed = valueOf(secret.labels, LAST_USED_LABEL)
  if (lastUsed === today || lastUsed === tomorrow) return
  const { namespace, name, uid } = secret
  return settle<void, void>(
    () => objects.labelSecret?.(namespace, name, LAST_USED_LABEL, today, { uid }),
    () => undefined,
    (error) => tell(onError, error),
  )
}
