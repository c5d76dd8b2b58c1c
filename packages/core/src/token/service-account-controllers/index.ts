export type { Precondition, Secret } from '../../internal/secret.ts'
export type { SeenServiceAccount } from './check-service-account.ts'
export { generateName } from './generate-name.ts'
export {
  type LegacyTokenCleaner,
  legacyTokenCleaner,
  type LegacyTokenCleanerOptions,
} from './legacy-token-cleaner.ts'
export {
  type ServiceAccountListener,
  type ServiceAccountStore,
  serviceAccountStore,
  type ServiceAccountStoreOptions,
} from './memory-store.ts'
export type { SecretPatch, ServiceAccountGetter, TokensControllerStore, TokenSecretStore } from './store.ts'
export { type TokensController, tokensController, type TokensControllerOptions } from './tokens-controller.ts'
