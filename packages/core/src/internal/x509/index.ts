export type { Certificate } from './certificate.ts'
export { CertificateError, type CertificateErrorCode } from './errors.ts'
export { ExtendedKeyUsage } from './extensions/key-usage.ts'
export type { Extensions } from './extensions/extensions.ts'
export { certificateIdentifier } from './identifier.ts'
export { AttributeType, type Name, type NameAttribute, valuesOf } from './name.ts'
export { parseCertificate } from './parse-certificate.ts'
export { type CertificatePool, certificatePoolOf } from './pool/certificate-pool.ts'
export { certificatePool } from './pool/pem.ts'
export {
  type CertificateChain,
  verifyCertificateChain,
  type VerifyOptions,
} from './verify/verify-certificate-chain.ts'
