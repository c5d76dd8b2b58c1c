export { anonymous, type AnonymousOptions } from './anonymous.ts'
export {
  type AnonymousCondition,
  type AnonymousConfig,
  type AnonymousSources,
  resolveAnonymous,
  validateAnonymousConfig,
} from './config.ts'
