export type { Authorizer } from './authorizer.ts'

export { allow, deny } from './decision.ts'
