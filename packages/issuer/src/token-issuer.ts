import type { Clock, Context } from '@kube-authn/core'
import {
  aBoolean,
  above,
  aNonEmptyString,
  checkOptions,
  type OptionsShape,
  required,
} from '@kube-authn/core/adapter'
import {
  conflict,
  notFound,
  systemClock,
  aClock,
  must,
  nonEmptyListOf,
  withMethods,
} from '@kube-authn/core/internal'
import {
  type ServiceAccountObjects,
  isNameOrUrl,
  serviceAccountGetters,
} from '@kube-authn/core/service-account'
import { rfc3339Of } from '@kube-authn/internal/rfc3339'
import { findBoundObject, type TokenTarget } from './bound-object.ts'
import { aSigningKey } from './signing-key.ts'
import { signing, type SigningOptions } from './signing.ts'
import { boundTokenClaims } from './token-claims.ts'
import { checkSpec, checkTarget, readTokenRequest, type TokenRequestSpec } from './token-request.ts'

/** Options of {@link tokenIssuer}. */
export interface TokenIssuerOptions extends SigningOptions {
  /** The issuer of the tokens (the first `--service-account-issuer`). */
  readonly issuer: string
  /** The audiences of tokens whose request names none (`--api-audiences`). Default: the issuer. */
  readonly audiences?: readonly string[]
  readonly objects: ServiceAccountObjects
  /**
   * Whether to extend tokens that admission requested for a pod, recognized by their 3,607 seconds, to a year or the maximum of the signer,
   * and to report their use after the requested time (`--service-account-extend-token-expiration`). Default `true`.
   */
  readonly extendExpiration?: boolean
  /** Default: the runtime's clock. */
  readonly clock?: Clock
}

const aTokenSigner = withMethods('a signer of tokens, as keySigner(...) makes', 'sign')

const shape: OptionsShape<TokenIssuerOptions> = {
  issuer: required(
    must(
      'must be a name or a URL',
      (value) => typeof value === 'string' && value !== '' && isNameOrUrl(value),
    ),
  ),
  signingKey: aSigningKey,
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

/** A granted `authentication.k8s.io/v1` TokenRequest: the body of a 201 response. */
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
   * Handles `POST /api/v1/namespaces/<namespace>/serviceaccounts/<name>/token`. The app must authorize the request.
   *
   * @param body the TokenRequest, parsed.
   * @param context receives a warning if the expiration was shortened, and the id of the token as an annotation.
   * @throws {StatusError} 400, 404, 409 or 422; 500 if the token could not be signed, 503 if too many signatures are pending. Errors of
   *   `objects` are passed on.
   */
  issue(target: TokenTarget, body: unknown, context?: Context): Promise<GrantedTokenRequest>
}

/** The expiration that admission requests for pods; the odd number distinguishes it from manual requests. */
const INJECTED_EXPIRATION_SECONDS = 3607
const EXTENDED_EXPIRATION_SECONDS = 31_536_000

/**
 * The TokenRequest API: tokens for service accounts, bound to them and, on request, to a pod, a secret or a node.
 *
 * Source: kubernetes `pkg/registry/core/serviceaccount/storage/token.go`; KEP-1205.
 *
 * @throws {ConfigurationError} if an option is invalid.
 * @example
 * const { issue } = tokenIssuer({ issuer: 'https://issuer.example.com', signingKey, objects })
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
      checkTarget(request, target)
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
        // Tells the client when to renew; an extended token expires later.
        status: { token, expirationTimestamp: rfc3339Of((claims.iat + expirationSeconds) * 1000) },
      }
    },
  }
}
