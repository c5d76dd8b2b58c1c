import type { Clock } from '@kube-authn/core'
import type { FakeService } from '../service/fake-service.ts'

/** What tokens can be signed with: all that Kubernetes accepts. */
export type IssuerAlgorithm =
  | 'RS256'
  | 'RS384'
  | 'RS512'
  | 'PS256'
  | 'PS384'
  | 'PS512'
  | 'ES256'
  | 'ES384'
  | 'ES512'

/** Options of `createIssuer`. */
export interface IssuerOptions {
  /** Where it is, which is also its name in tokens. Default `https://issuer.example.com`. */
  readonly url?: string
  /** One key is made for each; the first one signs what is not told otherwise. Default `['RS256']`; `ES256` is made faster. */
  readonly algorithms?: readonly IssuerAlgorithm[]
  /** The `Cache-Control` of the keys, such as `public, max-age=3600`. Default: none. */
  readonly cacheControl?: string
  /** Members of the description of the issuer, added or in the place of its own; `undefined` leaves one out. */
  readonly metadata?: Readonly<Record<string, unknown>>
  /** What "now" is in tokens. Default: the system's. */
  readonly clock?: Pick<Clock, 'now'>
}

/** A key of an issuer. */
export interface IssuerKey {
  /** What tokens name it by: `key-1`, `key-2`, ... */
  readonly kid: string
  readonly alg: IssuerAlgorithm
  readonly publicKey: CryptoKey
  readonly privateKey: CryptoKey
  /** Whether verifiers are told of it. */
  readonly isPublished: boolean
}

/** Options of {@link Issuer.sign}. */
export interface SignOptions {
  /** Which key, published or not. Default: the newest one of the algorithm. */
  readonly kid?: string
  /** Default: that of the key that signs now, which is the one of the first algorithm until there is a rotation. */
  readonly alg?: IssuerAlgorithm
  /** Default 3600. */
  readonly expiresInSeconds?: number
  /** Members of the header, added or in the place of `kid` and `typ`; `undefined` leaves one out. */
  readonly header?: Readonly<Record<string, unknown>>
}

/** Options of {@link Issuer.rotate}. */
export interface RotateOptions {
  /** Default: that of the key that signed until now. */
  readonly alg?: IssuerAlgorithm
  /** Whether verifiers are told of the new key at once. Default `true`. */
  readonly publish?: boolean
  /** Whether verifiers are no more told of the keys before, of any algorithm. Default `false`: their tokens stay good. */
  readonly withdrawOthers?: boolean
}

/** Options of {@link Issuer.distributedClaims}. */
export interface DistributedClaimsOptions {
  /** What the endpoint asks for, as a bearer token. Default: nothing. */
  readonly accessToken?: string
}

/** The members of a token that name a source of claims. To be spread into the claims of a token. */
export interface DistributedClaims {
  readonly _claim_names: Readonly<Record<string, string>>
  readonly _claim_sources: Readonly<
    Record<string, { readonly endpoint: string; readonly access_token?: string }>
  >
}

/** An OpenID Connect issuer: its description, its keys, and tokens signed with them. */
export interface Issuer extends FakeService {
  /** Where its keys are. */
  readonly jwksUri: string
  /** All keys, oldest first. */
  readonly keys: readonly IssuerKey[]
  /**
   * Signs a token. `iss`, `iat` and `exp` are filled in where the claims do not have them; a claim that is `undefined` is left out.
   * There is no `aud` but the given.
   */
  sign(claims: Readonly<Record<string, unknown>>, options?: SignOptions): Promise<string>
  /** Makes another key, which signs from now on. */
  rotate(options?: RotateOptions): Promise<IssuerKey>
  /** Verifiers are told of the key. */
  publish(kid: string): void
  /** Verifiers are told of the key no more. */
  withdraw(kid: string): void
  /**
   * Keeps claims at an endpoint of this issuer, as a JWT of its own, and returns the members that tell of them in another token
   * (OpenID Connect Core 1.0, section 5.6.2).
   *
   * @param names the claims that the other token leaves to the endpoint.
   * @param claims what the JWT says besides `iss`, `iat` and `exp`. Kubernetes wants the same `aud` in it.
   */
  distributedClaims(
    names: readonly string[],
    claims: Readonly<Record<string, unknown>>,
    options?: DistributedClaimsOptions,
  ): DistributedClaims
}
