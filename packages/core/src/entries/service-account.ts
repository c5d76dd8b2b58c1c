/** Service account tokens, and the keys that verify them. `@kube-authn/issuer` issues tokens. @module */
export { CREDENTIAL_ID_KEY } from '../authenticator/extra-keys.ts'
export type { Secret } from '../internal/secret.ts'
export { verificationKeyFromDer, verificationKeysFromPem } from '../token/jwt/pem-keys.ts'
export type { VerificationKey } from '../token/jwt/verification-key.ts'
export type { KeySource } from '../token/service-account/key-source.ts'
export { type ServiceAccountObjects, serviceAccountObjects } from '../token/service-account/objects.ts'
export {
  legacyServiceAccountToken,
  type LegacyServiceAccountTokenOptions,
  serviceAccountToken,
} from '../token/service-account/service-account.ts'
export { serviceAccountUser } from '../token/service-account/user-info.ts'
export { serviceAccountUsername } from '../authenticator/service-account-name.ts'
export { splitServiceAccountUsername } from '../token/service-account/username.ts'
/** @internal */
export { aKeySource, type KeyLookup, keysFor, keysOf, maxAgeOf } from '../token/service-account/key-source.ts'
/** @internal */
export {
  INVALID_SINCE_LABEL,
  LAST_USED_LABEL,
  type LegacyTokenObjects,
} from '../token/service-account/legacy-claims.ts'
/** @internal */
export {
  type InitialObjects,
  type NamedObject,
  type Pod,
  type ServiceAccount,
  serviceAccountGetters,
} from '../token/service-account/objects.ts'
/** @internal */
export type { ObjectReference } from '../token/service-account/user-info.ts'
export type { ServiceAccountTokenOptions } from '../token/service-account/service-account.ts'
/** @internal */
export { isNameOrUrl, LEGACY_ISSUER } from '../token/service-account/service-account.ts'
/** @internal */
export {
  isServiceAccountToken,
  SERVICE_ACCOUNT_NAME_ANNOTATION,
  SERVICE_ACCOUNT_SECRET_TYPE,
  SERVICE_ACCOUNT_UID_ANNOTATION,
} from '../token/service-account/username.ts'
/** @internal */
export { type EncodedKey, encodedKeyOf } from '../token/jwt/key-der.ts'
/** @internal */
export { limitedFetch } from '../token/jwt/limited-fetch.ts'
/** @internal */
export { pemBlocks } from '../token/jwt/pem-keys.ts'
/** @internal */
export { verificationKeyOf } from '../token/jwt/pem-keys.ts'
/** @internal */
export { KEY_PARAMETERS } from '../token/jwt/verification-key.ts'
/** @internal */
export { verifySignature } from '../token/jwt/verify-signature.ts'
