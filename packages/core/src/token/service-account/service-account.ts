import type { JsonObject } from '../../internal/objects.ts'
import { intersectAudiences } from '../../authenticator/audiences.ts'
import type { Authentication, TokenAuthenticator } from '../../authenticator/authenticator.ts'
import { andThen, type Awaitable } from '../../internal/awaitable.ts'
import { type Clock, systemClock } from '../../internal/clock.ts'
import type { Context } from '../../authenticator/context.ts'
import { type ConfigurationProblem, rejected } from '../../authenticator/errors.ts'
import { notify } from '../../authenticator/notify.ts'
import { readJwt, type UnverifiedJwt } from '../jwt/read-jwt.ts'
import { verifySignature } from '../jwt/verify-signature.ts'
import {
  aClock,
  aFunction,
  aString,
  checkOptions,
  either,
  listOf,
  type OptionsShape,
  refuseProblems,
  required,
  withMethods,
} from '../../internal/options/index.ts'
import { quotedList } from '../oidc/go-text.ts'
import { boundClaimsValidator } from './bound-claims.ts'
import { aKeySource, keysFor, type KeySource } from './key-source.ts'
import { legacyClaimsValidator, type LegacyTokenObjects } from './legacy-claims.ts'
import { serviceAccountGetters, type ServiceAccountObjects } from './objects.ts'
import { type ClaimsValidator, audienceClaim, checkRegisteredClaims, textClaim } from './read-claims.ts'
import { serviceAccountUser } from './user-info.ts'

/** The issuer of tokens in secrets. */
export const LEGACY_ISSUER = 'kubernetes/serviceaccount'

/** Options of {@link serviceAccountToken}. */
export interface ServiceAccountTokenOptions {
  /** The accepted issuers (`--service-account-issuer`); compared exactly. */
  readonly issuers: readonly string[]
  /** The verification keys (`--service-account-key-file`). */
  readonly keys: KeySource
  /** The accepted audiences, unless the context has others (`--api-audiences`). Default: the issuers. */
  readonly audiences?: readonly string[]
  readonly objects: ServiceAccountObjects
  /** Default: the runtime's clock. */
  readonly clock?: Clock
}

/** Options of {@link legacyServiceAccountToken}. */
export interface LegacyServiceAccountTokenOptions {
  /** Default `['kubernetes/serviceaccount']`. */
  readonly issuers?: readonly string[]
  readonly keys: KeySource
  /** The audiences of these tokens, which name none themselves (`--api-audiences`). */
  readonly audiences: readonly string[]
  /** The objects that tokens are checked against. `false` disables the check (`--service-account-lookup=false`); tokens can then be revoked only by removing their key. */
  readonly objects: LegacyTokenObjects | false
  /** Default: the runtime's clock. */
  readonly clock?: Clock
  /** Called if the label with the last use could not be written. */
  readonly onError?: (error: unknown) => void
}

const shape: OptionsShape<ServiceAccountTokenOptions> = {
  issuers: required(listOf(aString)),
  keys: required(aKeySource),
  audiences: listOf(aString),
  objects: required(serviceAccountGetters),
  clock: aClock,
}

const legacyGetters = withMethods('getters of objects, or false', 'getServiceAccount', 'getSecret')

const legacyShape: OptionsShape<LegacyServiceAccountTokenOptions> = {
  issuers: listOf(aString),
  keys: required(aKeySource),
  audiences: required(listOf(aString)),
  objects: required(
    either(
      (value) => value === false,
      () => [],
      legacyGetters,
    ),
  ),
  clock: aClock,
  onError: aFunction,
}

/**
 * Authenticates service accounts by tokens of the TokenRequest API. The service account and the pod, secret or node that the token is
 * bound to must still exist, or have been deleted within the last minute.
 *
 * Source: kubernetes `pkg/serviceaccount/{jwt,claims}.go`; KEP-1205.
 *
 * @throws {ConfigurationError} if an option is invalid.
 * @example
 * const tokens = serviceAccountToken({
 *   issuers: ['https://kubernetes.default.svc'],
 *   keys: await verificationKeysFromPem(pem),
 *   objects: serviceAccountObjects({ serviceAccounts }),
 * })
 */
export function serviceAccountToken(options: ServiceAccountTokenOptions): TokenAuthenticator {
  checkOptions(shape, options)
  const { issuers, keys, audiences = issuers, objects, clock = systemClock } = options
  validate(issuers, audiences)
  return signedTokens(
    'serviceAccountToken',
    { issuers, keys, audiences },
    boundClaimsValidator(objects, clock),
  )
}

/**
 * Authenticates service accounts by tokens from secrets of type `kubernetes.io/service-account-token`. They never expire, but become
 * invalid if their secret or service account is deleted.
 *
 * Source: kubernetes `pkg/serviceaccount/legacy.go`; KEP-2799.
 *
 * @throws {ConfigurationError} if an option is invalid.
 * @example
 * const tokens = legacyServiceAccountToken({ keys, audiences: ['https://api.example.com'], objects })
 */
export function legacyServiceAccountToken(options: LegacyServiceAccountTokenOptions): TokenAuthenticator {
  checkOptions(legacyShape, options)
  const { issuers = [LEGACY_ISSUER], keys, audiences, objects, clock = systemClock, onError } = options
  validate(issuers, audiences)
  const validator = legacyClaimsValidator(objects === false ? undefined : { objects, clock, onError })
  return signedTokens('legacyServiceAccountToken', { issuers, keys, audiences }, validator)
}

type TokenSource = Required<Pick<ServiceAccountTokenOptions, 'issuers' | 'keys' | 'audiences'>>

function signedTokens(
  name: string,
  { issuers, keys, audiences }: TokenSource,
  validateClaims: ClaimsValidator,
): TokenAuthenticator {
  const ours = new Set(issuers)

  const authenticate = (jwt: UnverifiedJwt, context: Context): Awaitable<Authentication> =>
    andThen(
      andThen(keysFor(keys, jwt.keyId), (found) => verifySignature(jwt, found)),
      (claims) => authenticateClaims(jwt, claims, context),
    )

  const authenticateClaims = (
    jwt: UnverifiedJwt,
    claims: JsonObject,
    context: Context,
  ): Awaitable<Authentication> => {
    checkRegisteredClaims(claims)
    const own = audienceClaim(claims)
    if (own.length === 0) {
      context.annotate?.('authentication.k8s.io/legacy-token', textClaim(claims, 'sub'))
      notify(context.observer, { type: 'serviceAccountToken', status: 'legacy' })
    }
    const intended = own.length === 0 ? audiences : own
    const wanted = context.audiences ?? audiences
    const common = intersectAudiences(intended, wanted)
    if (common.length === 0) {
      throw rejected(
        `token audiences ${quotedList(intended)} is invalid for the target audiences ${quotedList(wanted)}`,
      )
    }
    return andThen(validateClaims(jwt, context), (valid): Authentication => {
      const { info, expiresAtMs, issuedAtMs, revocation } = valid
      const user = serviceAccountUser(info)
      return {
        user,
        audiences: common,
        ...(expiresAtMs !== undefined && { expiresAtMs }),
        ...(issuedAtMs !== undefined && { issuedAtMs }),
        ...(revocation !== undefined && { revocation }),
      }
    })
  }

  return {
    name,
    audienceAware: true,
    mayKnow(token) {
      const jwt = readJwt(token)
      return jwt !== undefined && ours.has(jwt.issuer)
    },
    known: () => [{ type: 'token', format: 'JWT', issuers }],
    authenticateToken(token, context) {
      const jwt = readJwt(token)
      return jwt !== undefined && ours.has(jwt.issuer) ? authenticate(jwt, context) : undefined
    },
  }
}

function validate(issuers: readonly string[], audiences: readonly string[]): void {
  const problems: ConfigurationProblem[] = []
  if (issuers.length === 0) problems.push({ path: 'issuers', message: 'must not be empty' })
  for (const [index, issuer] of issuers.entries()) {
    const path = `issuers[${index}]`
    if (issuer === '') problems.push({ path, message: 'must not be empty' })
    if (issuers.indexOf(issuer) !== index) problems.push({ path, message: 'must not be repeated' })
    if (!isNameOrUrl(issuer)) problems.push({ path, message: 'must be a URL' })
  }
  // By default these are the issuers, which are checked above.
  const others = audiences === issuers ? undefined : audiences
  if (others?.length === 0) problems.push({ path: 'audiences', message: 'must not be empty' })
  for (const [index, audience] of others?.entries() ?? []) {
    if (audience === '') problems.push({ path: `audiences[${index}]`, message: 'must not be empty' })
  }
  refuseProblems(problems)
}

/**
 * Whether a string is a valid issuer: a URL if it contains a colon, otherwise any name (`--service-account-issuer`).
 *
 * Source: kubernetes `pkg/kubeapiserver/options/authentication.go`.
 */
export function isNameOrUrl(issuer: string): boolean {
  // The URL parser ignores white space, but the original string is compared.
  return !issuer.includes(':') || (URL.canParse(issuer) && !/\s/.test(issuer))
}
