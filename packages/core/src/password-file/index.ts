export { CredentialFileError } from '../csv/credential-records.ts'
export { passwordFile, type PasswordFileOptions } from './password-file.ts'
