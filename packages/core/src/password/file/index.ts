export { passwordFile } from './password-file.ts'
