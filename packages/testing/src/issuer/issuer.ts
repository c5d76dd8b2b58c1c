import type { Clock } from '@kube-authn/core'
import type { FakeService } from '../service/fake-service.ts'

/** The signature algorithms: all that Kubernetes accepts. More may be added in a minor version; handle the rest. */
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
  /** Its URL, which is also `iss` in tokens. Default `https://issuer.example.com`. */
  readonly url?: string
  /** A key is created for each; the first one signs by default. Default `['RS256']`; `ES256` is created faster. */
  readonly signingAlgorithms?: readonly IssuerAlgorithm[]
  /** The `Cache-Control` of the keys, such as `public, max-age=3600`. Default: none. */
  readonly cacheControl?: string
  /** Members to add to the discovery document or override in it; `undefined` removes one. */
  readonly metadata?: Readonly<Record<string, unknown>>
  /** The clock for times in tokens. Default: the system's. */
  readonly clock?: Clock
}

/** That of the platform. Apps on Node.js need neither `DOM` nor `WebWorker` in the `lib` of TypeScript for it. */
type CryptoKey = Extract<Awaited<ReturnType<typeof crypto.subtle.generateKey>>, { readonly type: string }>

/** A key of an issuer. */
export interface IssuerKey {
  /** Its key id in tokens: `key-1`, `key-2`, ... */
  readonly kid: string
  readonly alg: IssuerAlgorithm
  readonly publicKey: CryptoKey
  readonly privateKey: CryptoKey
  /** Whether it is in the published key set. */
  readonly isPublished: boolean
}

/** Options of {@link Issuer.sign}. */
export interface SignOptions {
  /** The signing key, published or not. Default: the newest one of the algorithm. */
  readonly kid?: string
  /** Default: that of the current signing key, which is the key of the first algorithm until a rotation. */
  readonly alg?: IssuerAlgorithm
  /** Default 3600. */
  readonly expirationSeconds?: number
  /** Members of the header, in addition to `kid` and `typ` or overriding them; `undefined` removes one. */
  readonly header?: Readonly<Record<string, unknown>>
}

/** Options of {@link Issuer.rotate}. */
export interface RotateOptions {
  /** Default: that of the previous signing key. */
  readonly alg?: IssuerAlgorithm
  /** Whether to publish the new key at once. Default `true`. */
  readonly publish?: boolean
  /** Whether to withdraw all previous keys, of any algorithm. Default `false`: their tokens stay valid. */
  readonly withdrawOthers?: boolean
}

/** Options of {@link Issuer.distributedClaims}. */
export interface DistributedClaimsOptions {
  /** The bearer token that the endpoint requires. Default: none. */
  readonly accessToken?: string
}

/** The members of a token that refer to a source of claims. Spread them into the claims of a token. */
export interface DistributedClaims {
  readonly _claim_names: Readonly<Record<string, string>>
  readonly _claim_sources: Readonly<
    Record<string, { readonly endpoint: string; readonly access_token?: string }>
  >
}

/** An OpenID Connect issuer: its discovery document, its keys, and tokens signed with them. */
export interface Issuer extends FakeService {
  /** The URL of its keys. */
  readonly jwksUri: string
  /** All keys, oldest first. */
  readonly keys: readonly IssuerKey[]
  /**
   * Signs a token. `iss`, `iat` and `exp` are added unless given; a claim that is `undefined` is omitted. There is no default `aud`.
   */
  sign(claims: Readonly<Record<string, unknown>>, options?: SignOptions): Promise<string>
  /** Creates another key, which signs from now on. */
  rotate(options?: RotateOptions): Promise<IssuerKey>
  /** Adds the key to the published keys. */
  publish(kid: string): void
  /** Removes the key from the published keys. */
  withdraw(kid: string): void
  /**
   * Serves claims at an endpoint of this issuer, as a separate JWT, and returns the members that refer to it in another token (OpenID Connect Core
   * 1.0, section 5.6.2).
   *
   * @param names the claims that the other token delegates to the endpoint.
   * @param claims the claims of the JWT besides `iss`, `iat` and `exp`. Kubernetes requires the same `aud` in it.
   */
  distributedClaims(
    names: readonly string[],
    claims: Readonly<Record<string, unknown>>,
    options?: DistributedClaimsOptions,
  ): DistributedClaims
}
