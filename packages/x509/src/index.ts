export { type Certificate, certificateIdentifier, parseCertificate } from './certificate.ts'
export {
  type CertificateRequest,
  parseCertificateRequest,
  verifyCertificateRequest,
} from './certificate-request.ts'
export { type Bytes, contextTag, type DerElement, DerReader, derOf, soleElement, Tag } from './der/reader.ts'
export { objectIdentifier, smallInteger } from './der/values.ts'
export { CertificateError, type CertificateErrorCode } from './errors.ts'
export type { Extensions } from './extensions/extensions.ts'
export { ExtendedKeyUsage } from './extensions/extensions.ts'
export { AttributeType, type Name, type NameAttribute, valuesOf } from './name.ts'
export { type CertificatePool, certificatePool, certificatePoolOf } from './pool/certificate-pool.ts'
export { type PublicKey, publicKeyOf } from './public-key.ts'
export { ecdsaSignature } from './verify/signature.ts'
export { verifyCertificateChain } from './verify/verify-certificate-chain.ts'
export type { CertificateChain, VerifyOptions } from './verify/verify-certificate-chain.ts'
