export { parseRbac } from './parse.ts'
export { rbac } from './rbac.ts'
