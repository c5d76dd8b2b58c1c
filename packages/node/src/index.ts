/**
 * Kubernetes API-server authentication on Node: what needs files and processes.
 *
 * @module
 */
export {
  createAuthenticator,
  type CreateAuthenticatorOptions,
  type NodeAuthenticator,
} from './create-authenticator.ts'
export { fileSource, type FileSource, type FileSourceOptions } from './file-source/file-source.ts'
export { passwordFileAt, type PasswordFileAtOptions } from './password-file-at.ts'
export { tokenFileAt, type TokenFileAtOptions } from './token-file-at.ts'
