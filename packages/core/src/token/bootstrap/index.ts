export type { Precondition, Secret } from '../../internal/secret.ts'
export { type BootstrapSecrets, bootstrapSecrets } from './bootstrap-secrets.ts'
export { type BootstrapSecretGetter, bootstrapToken, type BootstrapTokenOptions } from './bootstrap-token.ts'
export {
  createBootstrapToken,
  type CreateBootstrapTokenOptions,
  type CreatedBootstrapToken,
} from './create.ts'
export { BOOTSTRAPPERS_GROUP, isBootstrapGroup } from './groups.ts'
export { BOOTSTRAP_NAMESPACE, BOOTSTRAP_SECRET_TYPE, BootstrapField } from './secret-fields.ts'
export {
  bootstrapSecretName,
  type BootstrapTokenParts,
  parseBootstrapToken,
  tokenIdOfSecretName,
} from './token-format.ts'
