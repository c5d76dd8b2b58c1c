/**
 * Bootstrap tokens.
 *
 * @module
 */
export type { Secret } from '../internal/secret.ts'
export { bootstrapSecrets } from '../token/bootstrap/bootstrap-secrets.ts'
export { bootstrapToken } from '../token/bootstrap/bootstrap-token.ts'
export { createBootstrapToken } from '../token/bootstrap/create.ts'
export { parseBootstrapToken } from '../token/bootstrap/token-format.ts'
