/**
 * Everything that a framework adapter needs, in one entry: the handlers, and the conversion of Node and Fetch requests. For authors of
 * adapters; each name is documented where it is defined.
 *
 * @module
 */
export { AUDIT_ID_HEADER, type AnswerHeaders, Received } from '../audit/audit-id.ts'
export { warnNoUser, warnReplacedUser } from '../authenticator/app-warnings.ts'
export { authorizeRequest, authorizeRequestShape } from '../authorization/authorize-request.ts'
export { isPromiseLike } from '../internal/awaitable.ts'
export { fetchBody } from '../internal/api/body.ts'
export { CLIENT_CLOSED_REQUEST, notify } from '../authenticator/events.ts'
export { authenticateRequestShape } from '../handler/authenticate-request-options.ts'
export { authenticateRequest } from '../handler/authenticate-request.ts'
export { IMPERSONATES, leadsToImpersonation } from '../handler/impersonation-rule.ts'
export { withHeaderChanges } from '../request/headers/fetch-changes.ts'
export { warningHeaders } from '../internal/warning-headers.ts'
export { impersonateRequest, impersonateRequestShape } from '../impersonation/index.ts'
export {
  applyHeaderChanges,
  clientContext,
  closeConnection,
  incomingMessageBody,
  incomingMessageRequest,
  requirePeerCertificates,
  whenOver,
} from './incoming-message/index.ts'
export {
  aFunction,
  anAuthorizer,
  aRequestAuthenticator,
  checkOptions,
  optionProblems,
  refuseProblems,
} from '../internal/options/index.ts'
export { fetchRequest } from '../request/fetch-request.ts'
export { handleReviews, handleTokenReviews, handleTokenReviewsShape } from '../review/index.ts'
export { type RequestStates, requestStates } from './request-states.ts'
export { responseOf } from '../authenticator/status.ts'
