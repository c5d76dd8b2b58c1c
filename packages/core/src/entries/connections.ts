/** Connections that outlive their request end with the credential of their client: WebSockets, server-sent events, streams. @module */
export {
  closeAtExpiry,
  type CloseAtExpiryOptions,
  type LongConnection,
} from '../authenticator/close-at-expiry.ts'
export { untilExpiry, type UntilExpiryOptions } from '../authenticator/until-expiry.ts'
