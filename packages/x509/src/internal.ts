/**
 * The part of the public entry that `@kube-authn/core` and `@kube-authn/node` use, in one file. It is no public entry: any release may change it.
 *
 * @module
 */
export type { Certificate } from './certificate.ts'
export { type Bytes, contextTag, type DerElement, DerReader, derOf, soleElement, Tag } from './der/reader.ts'
export { objectIdentifier, smallInteger } from './der/values.ts'
export { CertificateError } from './errors.ts'
export { ExtendedKeyUsage } from './extensions/keys.ts'
export { certificateIdentifier } from './identifier.ts'
export { AttributeType, valuesOf } from './name.ts'
export { parseCertificate } from './parse-certificate.ts'
export { type CertificatePool, certificatePoolOf } from './pool/certificate-pool.ts'
export { certificatePool } from './pool/pem.ts'
export { publicKeyOf } from './public-key.ts'
export { ecdsaSignature } from './verify/ecdsa-signature.ts'
export { verifyCertificateChain } from './verify/verify-certificate-chain.ts'
export type { CertificateChain } from './verify/verify-options.ts'
