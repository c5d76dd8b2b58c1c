/**
 * Issues service account tokens, and publishes the keys that verify them.
 *
 * @module
 */
export { fetchedKeys } from './fetched-keys.ts'
export { issuerDiscovery } from './issuer-discovery.ts'
export { keySigner } from './key-signer.ts'
export { type SigningKey, signingKeyFromPem } from './signing-key.ts'
export { type TokenIssuer, tokenIssuer } from './token-issuer.ts'
export type { TokenSigner } from './token-signer.ts'
