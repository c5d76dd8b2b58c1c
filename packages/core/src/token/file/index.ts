export { CredentialFileError } from '../../internal/csv/credential-records.ts'
export { tokenFile, type TokenFileOptions, tokenFileSteps } from './token-file.ts'
