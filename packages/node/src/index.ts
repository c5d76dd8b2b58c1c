/**
 * Kubernetes API-server authentication on Node: what needs files and processes.
 *
 * @module
 */
export { auditFile, type AuditFileOptions } from './audit-file.ts'
export {
  createAuthenticator,
  type CreateAuthenticatorOptions,
  type NodeAuthenticator,
} from './create-authenticator.ts'
export { fileSource, type FileSourceOptions } from './file-source/file-source.ts'
export {
  type Manifest,
  manifestsSource,
  type ManifestsSourceOptions,
} from './file-source/manifests-source.ts'
export type { FileSource, ReloadOptions } from './file-source/reloading-source.ts'
export { passwordFileAt, type PasswordFileAtOptions } from './password-file-at.ts'
export { rbacAt, type RbacAtOptions } from './rbac-at.ts'
export { tokenFileAt, type TokenFileAtOptions } from './token-file-at.ts'
