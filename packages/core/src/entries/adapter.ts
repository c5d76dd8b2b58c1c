/**
 * What an adapter for a framework needs: the handlers, and the conversion of requests of Node and of the Fetch API. For authors of adapters, and
 * of authenticators that check options as the others do.
 *
 * @module
 */
export { applyHeaderChanges } from '../adapter/incoming-message/apply-header-changes.ts'
export { incomingMessageBody } from '../adapter/incoming-message/body.ts'
export {
  clientContext,
  closeConnection,
  type NodeResponse,
  whenOver,
} from '../adapter/incoming-message/client.ts'
export { incomingMessageRequest } from '../adapter/incoming-message/incoming-message.ts'
export type { NodeRequest } from '../adapter/incoming-message/node-request.ts'
export { requirePeerCertificates } from '../adapter/incoming-message/require-peer-certificates.ts'
export { Received } from '../audit/audit-id.ts'
export { notify } from '../authenticator/notify.ts'
export { type HttpAnswer, responseOf, StatusError } from '../authenticator/status.ts'
export { authorizeRequest, type AuthorizeRequestOptions } from '../authorization/authorize-request.ts'
export { authenticateRequest } from '../handler/authenticate-request.ts'
export type { AuthenticateRequestOptions } from '../handler/authenticate-request-options.ts'
export type { RequestOutcome } from '../handler/request-outcome.ts'
export { impersonateRequest } from '../impersonation/impersonate-request.ts'
export type { ImpersonateRequestOptions } from '../impersonation/impersonate-request-options.ts'
export { fetchBody } from '../request/body.ts'
export {
  aBoolean,
  above,
  aFunction,
  aNonEmptyString,
  listOf,
  oneOf,
  required,
  wholeNumber,
} from '../internal/options/check.ts'
export { checkOptions, type OptionsShape } from '../internal/options/shape.ts'
export { warningHeaders } from '../internal/warning-headers.ts'
export { ambientCredential } from '../request/cross-site/ambient-credential.ts'
export { fetchRequest } from '../request/fetch-request.ts'
export { withHeaderChanges } from '../request/headers/fetch-changes.ts'
