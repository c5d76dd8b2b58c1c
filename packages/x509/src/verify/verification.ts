/*
 * What verifies signatures and chains. It is loaded for the first one.
 */
export { findCertificateChain } from './find-chain.ts'
export { checkSignedBytes } from './signature.ts'
