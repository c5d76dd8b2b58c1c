export type { Precondition, Secret } from '../../internal/secret.ts'
export {
  type DiscoveryDocument,
  issuerDiscovery,
  type IssuerDiscovery,
  type IssuerDiscoveryOptions,
  JWKS_PATH,
  OPENID_CONFIGURATION_PATH,
} from './discovery.ts'
export { INVALID_SINCE_LABEL, LAST_USED_LABEL, type LegacyTokenObjects } from './legacy-claims.ts'
export {
  type InitialObjects,
  type NamedObject,
  type Pod,
  type ServiceAccount,
  serviceAccountObjects,
  type ServiceAccountObjects,
} from './objects.ts'
export { aKeySource, aSigningKey, type KeyLookup, type KeySource } from './key-source.ts'
export {
  LEGACY_ISSUER,
  legacyServiceAccountToken,
  type LegacyServiceAccountTokenOptions,
  serviceAccountToken,
  type ServiceAccountTokenOptions,
} from './service-account.ts'
export { signToken } from './sign-token.ts'
export {
  type BoundTokenClaims,
  boundTokenClaims,
  type BoundTokenContent,
  legacyTokenClaims,
} from './token-claims.ts'
export type { TokenTarget } from './bound-object.ts'
export { type GrantedTokenRequest, tokenIssuer, type TokenIssuer } from './token-issuer.ts'
export type { TokenIssuerOptions } from './token-issuer-options.ts'
export type { BoundObjectReference, TokenRequestSpec } from './token-request.ts'
export { CREDENTIAL_ID_KEY } from '../../authenticator/credential-id.ts'
export { type ObjectReference, type ServiceAccountInfo, serviceAccountUser } from './user-info.ts'
export {
  isServiceAccountToken,
  SERVICE_ACCOUNT_NAME_ANNOTATION,
  SERVICE_ACCOUNT_SECRET_TYPE,
  SERVICE_ACCOUNT_UID_ANNOTATION,
  splitServiceAccountUsername,
} from './username.ts'
export { SERVICE_ACCOUNTS_GROUP, serviceAccountUsername } from '../../authenticator/service-account-name.ts'
