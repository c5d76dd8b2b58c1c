/** Bearer tokens of a file. @module */
export { CredentialFileError } from '../internal/csv/credential-records.ts'
export { tokenFile } from '../token/file/token-file.ts'
export type { TokenFileOptions } from '../token/file/token-file.ts'
/** @internal */
export { tokenFileSteps } from '../token/file/token-file.ts'
