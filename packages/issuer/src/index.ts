/**
 * Issues service account tokens, and publishes the keys that verify them.
 *
 * @module
 */
export { fetchedKeys, type FetchedKeysOptions } from './fetched-keys.ts'
export { issuerDiscovery, type IssuerDiscoveryOptions } from './issuer-discovery.ts'
export { keySigner, type KeySignerOptions } from './key-signer.ts'
export { type SigningKey, signingKeyFromPem } from './signing-key.ts'
export { type TokenIssuer, tokenIssuer, type TokenIssuerOptions } from './token-issuer.ts'
export type { TokenSigner } from './token-signer.ts'
