/** Passwords of a file. @module */
export { CredentialFileError } from '../internal/csv/credential-records.ts'
export { passwordFile } from '../password/file/password-file.ts'
/** @internal */
export { hashPassword } from '../password/file/hash-password.ts'
export type { PasswordFileOptions } from '../password/file/password-file.ts'
/** @internal */
export { passwordFileShape, passwordFileSteps } from '../password/file/password-file.ts'
