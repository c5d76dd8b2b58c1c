export { applyHeaderChanges } from './apply-header-changes.ts'

export { closeConnection } from './client.ts'
export { incomingMessageRequest } from './incoming-message.ts'
export { COMPLETE_FIELDS, type NodeRequest } from './node-request.ts'
