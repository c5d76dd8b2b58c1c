export type { Certificate } from './certificate.ts'
export { type CertificateRequest, parseCertificateRequest } from './certificate-request.ts'
export { type Bytes, contextTag, type DerElement, DerReader, derOf, soleElement, Tag } from './der/reader.ts'
export { objectIdentifier, smallInteger } from './der/values.ts'
export { CertificateError, type CertificateErrorCode } from './errors.ts'
export type { Extensions } from './extensions/extensions.ts'
export { ExtendedKeyUsage } from './extensions/keys.ts'
export { certificateIdentifier } from './identifier.ts'
export { AttributeType, type Name, type NameAttribute, valuesOf } from './name.ts'
export { parseCertificate } from './parse-certificate.ts'
export { type CertificatePool, certificatePoolOf } from './pool/certificate-pool.ts'
export { certificatePool } from './pool/pem.ts'
export { type PublicKey, publicKeyOf } from './public-key.ts'
export { ecdsaSignature } from './verify/ecdsa-signature.ts'
export { verifyCertificateRequest } from './verify/verify-certificate-request.ts'
export {
  type CertificateChain,
  verifyCertificateChain,
  type VerifyOptions,
} from './verify/verify-certificate-chain.ts'
