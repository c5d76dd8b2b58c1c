export { CredentialFileError } from '../csv/credential-records.ts'
export { passwordFile, type PasswordFileOptions, passwordFileShape } from './password-file.ts'
