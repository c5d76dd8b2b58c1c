export { CredentialFileError } from '../../internal/csv/credential-records.ts'
export {
  passwordFile,
  type PasswordFileOptions,
  passwordFileShape,
  passwordFileSteps,
} from './password-file.ts'
export { hashPassword, PASSWORD_HASHES, type PasswordHashKind } from './hash-password.ts'
