/**
 * Passwords of a file.
 *
 * @module
 */
export { CredentialFileError } from '../internal/csv/credential-records.ts'
export { passwordFile } from '../password/file/password-file.ts'
