import { conflict, notFound } from '../../internal/api/errors.ts'
import { type Clock, systemClock } from '../../internal/clock.ts'
import type { Context } from '../../authenticator/context.ts'
import type { SigningKey } from '../jwt/pem-keys.ts'
import {
  aBoolean,
  above,
  aClock,
  aNonEmptyString,
  checkOptions,
  must,
  nonEmptyListOf,
  type OptionsShape,
  required,
  withMethods,
} from '../../internal/options/index.ts'
import { rfc3339Of } from '../../internal/rfc3339.ts'
import { findBoundObject, type TokenTarget } from './bound-object.ts'
import { isNameOrUrl } from './issuer-name.ts'
import { serviceAccountGetters, type ServiceAccountObjects } from './objects.ts'
import { signing } from './signing.ts'
import { boundTokenClaims } from './token-claims.ts'
import type { TokenSigner } from '../signer/token-signer.ts'
import { checkSpec, checkTarget, readTokenRequest, type TokenRequestSpec } from './token-request.ts'

/** Options of {@link tokenIssuer}. */
export interface TokenIssuerOptions {
  /** Who issues tokens (the first `--service-account-issuer`). */
  readonly issuer: string
  /** What tokens are signed with (`--service-account-signing-key-file`). Either this or `signer`. */
  readonly key?: SigningKey
  /** What signs tokens elsewhere (`--service-account-signing-endpoint`): a KMS, a vault, an external signer. */
  readonly signer?: TokenSigner
  /** How long `signer` may take for one token. Default 10. */
  readonly signTimeoutSeconds?: number
  /** What tokens are for unless a request says otherwise (`--api-audiences`). Default: the issuer. */
  readonly audiences?: readonly string[]
  readonly objects: ServiceAccountObjects
  /**
   * Longer requests are shortened to this, 3,600 or more (`--service-account-max-token-expiration`). Default: what the signer allows, or no
   * limit.
   */
  readonly maxExpirationSeconds?: number
  /**
   * Whether a token that admission asked for on behalf of a pod, which is told by its 3,607 seconds, is good for a year and noted when
   * it is used for longer (`--service-account-extend-token-expiration`); for less where the signer does not allow a year. Default `true`.
   */
  readonly extendExpiration?: boolean
  /** Default: the runtime's clock. */
  readonly clock?: Clock
}

const aSigningKey = must(
  'must be a key, as signingKeyFromPem(...) makes',
  (value) => typeof value === 'object' && value !== null && 'key' in value && 'alg' in value,
)

const aTokenSigner = withMethods('a signer of tokens, as keySigner(...) makes', 'sign')

const shape: OptionsShape<TokenIssuerOptions> = {
  issuer: required(
    must(
      'must be a name or a URL',
      (value) => typeof value === 'string' && value !== '' && isNameOrUrl(value),
    ),
  ),
  key: aSigningKey,
  signer: aTokenSigner,
  signTimeoutSeconds: above(0, 3600),
  audiences: nonEmptyListOf(aNonEmptyString),
  objects: required(serviceAccountGetters),
  maxExpirationSeconds: must(
    'must be from 3600 to 2^32',
    (value) =>
      value === Infinity || (Number.isInteger(value) && Number(value) >= 3600 && Number(value) <= 2 ** 32),
  ),
  extendExpiration: aBoolean,
  clock: aClock,
}

/** An `authentication.k8s.io/v1` TokenRequest that was granted: the body of a 201. */
export interface GrantedTokenRequest {
  readonly kind: 'TokenRequest'
  readonly apiVersion: 'authentication.k8s.io/v1'
  readonly metadata: TokenTarget & {
    readonly uid: string
    /** RFC 3339. */
    readonly creationTimestamp: string
  }
  readonly spec: TokenRequestSpec
  readonly status: {
    readonly token: string
    /** RFC 3339. */
    readonly expirationTimestamp: string
  }
}

/** Issues tokens for service accounts. */
export interface TokenIssuer {
  /**
   * Answers `POST /api/v1/namespaces/<namespace>/serviceaccounts/<name>/token`. Whether the caller may ask is for others to say.
   *
   * @param body the TokenRequest, parsed.
   * @param context is told of a request that was shortened, and of the id of the token.
   * @throws {StatusError} 400, 404, 409 or 422; 500 when the token could not be signed, and 503 when too many are; and whatever a getter
   *   throws.
   */
  issue(target: TokenTarget, body: unknown, context?: Context): Promise<GrantedTokenRequest>
}

/** What admission asks for in pods, so that it can be told from what people ask for. */
const INJECTED_EXPIRATION_SECONDS = 3607
const EXTENDED_EXPIRATION_SECONDS = 31_536_000

/**
 * The TokenRequest API: tokens for service accounts, bound to them and, on request, to a pod, a secret or a node.
 *
 * Source: kubernetes `pkg/registry/core/serviceaccount/storage/token.go`; KEP-1205.
 *
 * @throws {ConfigurationError} when an option cannot work.
 * @example
 * const { issue } = tokenIssuer({ issuer: 'https://issuer.example.com', key, objects })
 * const { status } = await issue({ namespace: 'shop', name: 'cart' }, { spec: { audiences: ['vault'] } })
 */
export function tokenIssuer(options: TokenIssuerOptions): TokenIssuer {
  checkOptions(shape, options)
  const { issuer, audiences = [issuer], objects, clock = systemClock, extendExpiration = true } = options
  const longestSeconds = options.signer?.maxExpirationSeconds ?? Infinity
  const { maxExpirationSeconds = longestSeconds } = options
  const sign = signing(options, clock)

  return {
    async issue(target, body, context = {}) {
      const { namespace, name } = target
      const request = readTokenRequest(body, audiences)
      checkTarget(request, namespace, name)
      const serviceAccount = await objects.getServiceAccount(namespace, name)
      if (serviceAccount === undefined) throw notFound('serviceaccounts', name)
      const { uid } = request.metadata
      if (uid !== '' && uid !== serviceAccount.uid) {
        const why = `the UID in the token request (${uid}) does not match the UID of the service account (${serviceAccount.uid})`
        throw conflict('authentication.k8s.io', 'TokenRequest', name, why)
      }
      checkSpec(request)
      const { boundObjectRef } = request.spec
      const boundObject = boundObjectRef && (await findBoundObject(objects, target, boundObjectRef))

      const requested = request.spec.expirationSeconds
      const expirationSeconds = Math.min(requested, maxExpirationSeconds)
      if (expirationSeconds < requested) {
        context.warn?.(
          `requested expiration of ${requested} seconds shortened to ${expirationSeconds} seconds`,
        )
      }
      const isExtended =
        extendExpiration &&
        expirationSeconds === INJECTED_EXPIRATION_SECONDS &&
        boundObject?.pod !== undefined &&
        request.spec.audiences.every((audience) => audiences.includes(audience))

      const nowMs = clock.now()
      const tokenId = crypto.randomUUID()
      const claims = boundTokenClaims({
        serviceAccount,
        ...boundObject,
        audiences: request.spec.audiences,
        expirationSeconds: isExtended
          ? Math.min(EXTENDED_EXPIRATION_SECONDS, longestSeconds)
          : expirationSeconds,
        ...(isExtended && { warnAfterSeconds: expirationSeconds }),
        tokenId,
        nowMs,
      })
      const token = await sign({ iss: issuer, ...claims }, context)
      context.annotate?.('authentication.kubernetes.io/issued-credential-id', `JTI=${tokenId}`)
      return {
        kind: 'TokenRequest',
        apiVersion: 'authentication.k8s.io/v1',
        metadata: { namespace, name, uid: serviceAccount.uid, creationTimestamp: rfc3339Of(nowMs) },
        spec: { ...request.spec, expirationSeconds },
        // What the client is told is when it should have another one, not when this one ends.
        status: { token, expirationTimestamp: rfc3339Of((claims.iat + expirationSeconds) * 1000) },
      }
    },
  }
}
