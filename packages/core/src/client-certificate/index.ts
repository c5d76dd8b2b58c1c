export type { CertificatePoolSource } from './certificate-pool-source.ts'
export {
  certificateUser,
  type CertificateUserOptions,
  CREDENTIAL_ID_KEY,
  UID_ATTRIBUTE,
} from './certificate-user.ts'
export { certificateVerifier, type CertificateVerifierOptions } from './certificate-verifier.ts'
export { clientCertificate, type ClientCertificateOptions } from './client-certificate.ts'
