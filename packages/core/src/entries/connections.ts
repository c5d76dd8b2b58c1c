/**
 * Connections that outlive their request end with the credential of their client: WebSockets, server-sent events, streams.
 *
 * @module
 */
export { closeAtExpiry, type LongConnection } from '../authenticator/close-at-expiry.ts'
export { untilExpiry } from '../authenticator/until-expiry.ts'
