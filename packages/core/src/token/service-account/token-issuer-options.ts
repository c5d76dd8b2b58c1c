import type { Clock } from '../../internal/clock.ts'
import type { SigningKey } from '../jwt/pem-keys.ts'
import type { ServiceAccountObjects } from './objects.ts'
import type { TokenSigner } from '../signer/token-signer.ts'

/** Options of {@link tokenIssuer}. */
export interface TokenIssuerOptions {
  /** The issuer of the tokens (the first `--service-account-issuer`). */
  readonly issuer: string
  /** The signing key (`--service-account-signing-key-file`). Either this or `signer` is required. */
  readonly signingKey?: SigningKey
  /** A remote signer (`--service-account-signing-endpoint`): a KMS, a vault, an external signer. */
  readonly signer?: TokenSigner
  /** The timeout of `signer` for one token. Default 10. */
  readonly signTimeoutSeconds?: number
  /** The audiences of tokens whose request names none (`--api-audiences`). Default: the issuer. */
  readonly audiences?: readonly string[]
  readonly objects: ServiceAccountObjects
  /**
   * The maximum expiration, 3,600 or more; longer requests are shortened to it (`--service-account-max-token-expiration`). Default: the
   * maximum of the signer, or no limit.
   */
  readonly maxExpirationSeconds?: number
  /**
   * Whether to extend tokens that admission requested for a pod, recognized by their 3,607 seconds, to a year or the maximum of the signer,
   * and to report their use after the requested time (`--service-account-extend-token-expiration`). Default `true`.
   */
  readonly extendExpiration?: boolean
  /** Default: the runtime's clock. */
  readonly clock?: Clock
}
