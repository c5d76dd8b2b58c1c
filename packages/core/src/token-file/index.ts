export { CredentialFileError } from '../csv/credential-records.ts'
export { tokenFile, type TokenFileOptions } from './token-file.ts'
