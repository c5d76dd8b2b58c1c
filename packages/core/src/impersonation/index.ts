export { type ImpersonateRequestOptions, impersonateRequestShape } from './impersonate-request-options.ts'
export {
  impersonateRequest,
  type ImpersonateRequest,
  type ImpersonationOutcome,
  type RefusedImpersonation,
  type RequestUser,
} from './impersonate-request.ts'
export { impersonationHeaders } from './impersonation-headers.ts'
export { IMPERSONATION_HEADERS } from './read-headers.ts'
export { serviceAccountNamed, type ServiceAccountName } from '../authenticator/service-account-name.ts'
