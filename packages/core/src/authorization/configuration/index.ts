export { type ChainParts, type ConfiguredWebhook, configuredWebhookOptions } from './chain.ts'
export type {
  AuthorizationConfiguration,
  AuthorizerConfiguration,
  WebhookConfiguration,
  WebhookConnectionInfo,
  WebhookMatchCondition,
} from './config.ts'
export { decodeAuthorizationConfiguration } from './decode.ts'
export type { MatchConditions } from './match-conditions.ts'
export { parseAuthorizationConfiguration } from './parse.ts'
export {
  authorizationConfiguration,
  type AuthorizationConfigurationOptions,
  authorizationConfigurationShape,
  type AuthorizationConfigurationUpdate,
  type ConfiguredAuthorizer,
} from './reloading.ts'
export {
  type ValidatedAuthorizationConfiguration,
  validateAuthorizationConfiguration,
  type ValidateAuthorizationConfigurationOptions,
} from './validate.ts'
export type { KubeConfigFileProblem } from './validate-webhook.ts'
