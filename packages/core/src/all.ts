/**
 * What `@kube-authn/node` is made of, in one file, since Node takes half a millisecond for each that it has to find: every entry of this package
 * but those that it does not use. For who needs most of them at once; each name is documented where it is.
 *
 * @module
 */
export * from './audit-policy/index.ts'
export * from './audit-webhook/index.ts'
export * from './audit/index.ts'
export * from './authorization/index.ts'
export * from './authorization-configuration/index.ts'
export * from './authorization-webhook/index.ts'
export * from './bootstrap-token/index.ts'
export * from './client-certificate/index.ts'
export * from './configuration/index.ts'
export * from './field/index.ts'
export * from './impersonation/index.ts'
export * from './incoming-message/index.ts'
export * from './index.ts'
export * from './jwt/index.ts'
export * from './keystone/index.ts'
export * from './oidc/index.ts'
export * from './options/index.ts'
export * from './password-file/index.ts'
export * from './rbac/index.ts'
export * from './request-header/index.ts'
export * from './request-header-config/index.ts'
export * from './service-account/index.ts'
export * from './steps.ts'
export * from './token-cache/index.ts'
export * from './token-file/index.ts'
export * from './webhook/index.ts'
export * from './x509/index.ts'
export * from './yaml/index.ts'
