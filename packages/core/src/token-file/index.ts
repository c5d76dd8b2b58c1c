export { CredentialFileError } from '../csv/credential-records.ts'
export { tokenFile, type TokenFileOptions, tokenFileSteps } from './token-file.ts'
