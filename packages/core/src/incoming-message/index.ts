export { applyHeaderChanges } from './apply-header-changes.ts'
export { incomingMessageRequest, type NodeRequest } from './incoming-message.ts'
