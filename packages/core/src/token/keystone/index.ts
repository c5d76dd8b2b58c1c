export type { HttpResponse, HttpResponseBody } from '../../internal/http/response.ts'
export type { KeystoneFetch, KeystoneFetchInit } from './call.ts'
export type { ChecksOptions } from './checks.ts'
export {
  type CreatedToken,
  keystoneClient,
  type KeystoneClient,
  type KeystoneClientOptions,
  type KeystoneCredential,
  type KeystoneDomain,
  type KeystoneRefusal,
  type KeystoneScope,
} from './client.ts'
export { keystonePassword, type KeystonePasswordOptions, keystonePasswordShape } from './keystone-password.ts'
export { keystoneToken, type KeystoneTokenOptions, keystoneTokenShape } from './keystone-token.ts'
export {
  keystoneServiceToken,
  type KeystoneServiceToken,
  type KeystoneServiceTokenOptions,
  keystoneServiceTokenShape,
} from './service-token.ts'
export type { KeystoneGroup, KeystoneToken, KeystoneUser } from './token.ts'
export {
  keystoneTokenReview,
  type KeystoneTokenReview,
  type KeystoneTokenReviewOptions,
} from './token-review.ts'
export type { KeystoneTokenProvider } from './token-text.ts'
export type { KeystoneNameFormat, KeystoneRoleMapping, KeystoneUserOptions } from './user-options.ts'
export { xAuthToken } from '../../request/x-auth-token/x-auth-token.ts'
