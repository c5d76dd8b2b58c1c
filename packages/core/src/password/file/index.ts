export { CredentialFileError } from '../../internal/csv/credential-records.ts'
export {
  passwordFile,
  type PasswordFileOptions,
  passwordFileShape,
  passwordFileSteps,
} from './password-file.ts'
