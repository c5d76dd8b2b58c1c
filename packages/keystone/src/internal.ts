/**
 * What `@kube-authn/node` and the tests use beyond the public entry. Any release may change it.
 *
 * @module
 */
export { keystoneClient } from './client.ts'
export { keystonePasswordShape } from './keystone-password.ts'
export { keystoneTokenShape } from './keystone-token.ts'
export { keystoneServiceTokenShape } from './service-token.ts'
