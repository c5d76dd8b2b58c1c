/** Bootstrap tokens. @module */
export type { Secret } from '../internal/secret.ts'
export { bootstrapSecrets } from '../token/bootstrap/bootstrap-secrets.ts'
export { bootstrapToken } from '../token/bootstrap/bootstrap-token.ts'
export { createBootstrapToken, type CreateBootstrapTokenOptions } from '../token/bootstrap/create.ts'
export { parseBootstrapToken } from '../token/bootstrap/token-format.ts'
export type { BootstrapTokenOptions } from '../token/bootstrap/bootstrap-token.ts'
/** @internal */
export type { BootstrapSecretGetter } from '../token/bootstrap/bootstrap-token.ts'
/** @internal */
export { isBootstrapGroup } from '../token/bootstrap/secret-fields.ts'
/** @internal */
export {
  BOOTSTRAP_NAMESPACE,
  BOOTSTRAP_SECRET_TYPE,
  BootstrapField,
  expirationOf,
  isBootstrapSecret,
} from '../token/bootstrap/secret-fields.ts'
/** @internal */
export { type BootstrapTokenParts, tokenIdOfSecretName } from '../token/bootstrap/token-format.ts'
