/** Sessions in Valkey or Redis, for Node.js. @module */
export type { ValkeyClient, ValkeyScriptOptions } from './valkey-client.ts'
export { valkeySessions, type ValkeySessionsOptions } from './valkey-sessions.ts'
