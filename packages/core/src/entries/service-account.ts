/**
 * Service account tokens: verified, issued and published; and keys, also those that are kept elsewhere.
 *
 * @module
 */
export { CREDENTIAL_ID_KEY } from '../authenticator/credential-id.ts'
export type { Secret } from '../internal/secret.ts'
export {
  type SigningKey,
  signingKeyFromPem,
  verificationKeyFromDer,
  verificationKeysFromPem,
} from '../token/jwt/pem-keys.ts'
export type { VerificationKey } from '../token/jwt/verification-key.ts'
export { issuerDiscovery } from '../token/service-account/discovery.ts'
export type { KeySource } from '../token/service-account/key-source.ts'
export { type ServiceAccountObjects, serviceAccountObjects } from '../token/service-account/objects.ts'
export { legacyServiceAccountToken, serviceAccountToken } from '../token/service-account/service-account.ts'
export { type TokenIssuer, tokenIssuer } from '../token/service-account/token-issuer.ts'
export { serviceAccountUser } from '../token/service-account/user-info.ts'
export { serviceAccountUsername } from '../authenticator/service-account-name.ts'
export { splitServiceAccountUsername } from '../token/service-account/username.ts'
export { fetchedKeys } from '../token/signer/fetched-keys.ts'
export { keySigner } from '../token/signer/key-signer.ts'
export type { TokenSigner } from '../token/signer/token-signer.ts'
/** @internal */
export type { TokenTarget } from '../token/service-account/bound-object.ts'
/** @internal */
export { JWKS_PATH, OPENID_CONFIGURATION_PATH } from '../token/service-account/discovery.ts'
/** @internal */
export { aKeySource, aSigningKey } from '../token/service-account/key-source.ts'
/** @internal */
export {
  INVALID_SINCE_LABEL,
  LAST_USED_LABEL,
  type LegacyTokenObjects,
} from '../token/service-account/legacy-claims.ts'
/** @internal */
export type { InitialObjects, NamedObject, Pod, ServiceAccount } from '../token/service-account/objects.ts'
export type { ServiceAccountTokenOptions } from '../token/service-account/service-account.ts'
/** @internal */
export { LEGACY_ISSUER } from '../token/service-account/service-account.ts'
/** @internal */
export { signToken } from '../token/service-account/sign-token.ts'
/** @internal */
export { boundTokenClaims, legacyTokenClaims } from '../token/service-account/token-claims.ts'
/** @internal */
export {
  isServiceAccountToken,
  SERVICE_ACCOUNT_NAME_ANNOTATION,
  SERVICE_ACCOUNT_SECRET_TYPE,
  SERVICE_ACCOUNT_UID_ANNOTATION,
} from '../token/service-account/username.ts'
/** @internal */
export type { FetchedKeySet, FetchedKeys } from '../token/signer/fetched-keys.ts'
