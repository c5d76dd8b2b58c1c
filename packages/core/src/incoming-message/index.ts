export { applyHeaderChanges } from './apply-header-changes.ts'
export { closeConnection } from './close-connection.ts'
export { incomingMessageRequest, type NodeRequest } from './incoming-message.ts'
export { requirePeerCertificates } from './require-peer-certificates.ts'
