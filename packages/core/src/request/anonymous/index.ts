export { anonymous, type AnonymousOptions } from './anonymous.ts'
export {
  aBooleanOrAnonymousConfig,
  type AnonymousCondition,
  type AnonymousConfig,
  type AnonymousSources,
  resolveAnonymous,
  validateAnonymousConfig,
} from './config.ts'
