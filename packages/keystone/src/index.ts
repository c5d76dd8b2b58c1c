/**
 * Authenticators for passwords and tokens of OpenStack Keystone (Identity v3).
 *
 * @module
 */
export type { ChecksOptions as KeystoneChecksOptions } from './checks.ts'
export type { KeystoneFetch, KeystoneFetchInit } from './call.ts'
export type { KeystoneClientOptions, KeystoneCredential, KeystoneDomain, KeystoneScope } from './client.ts'
export { keystonePassword, type KeystonePasswordOptions } from './keystone-password.ts'
export { keystoneToken, type KeystoneTokenOptions } from './keystone-token.ts'
export {
  keystoneServiceToken,
  type KeystoneServiceToken,
  type KeystoneServiceTokenOptions,
} from './service-token.ts'
export {
  keystoneTokenReview,
  type KeystoneTokenReview,
  type KeystoneTokenReviewOptions,
} from './token-review.ts'
export type { KeystoneTokenProvider } from './token.ts'
export type { KeystoneNameFormat, KeystoneRoleMapping, KeystoneUserOptions } from './user-options.ts'
export { xAuthToken } from './x-auth-token.ts'
