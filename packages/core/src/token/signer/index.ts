/**
 * Signing service account tokens with keys in a KMS, a vault or an external signer of Kubernetes.
 *
 * @module
 */
export type { KeyLookup } from '../service-account/key-source.ts'
export { type FetchedKeys, fetchedKeys, type FetchedKeySet, type FetchedKeysOptions } from './fetched-keys.ts'
export { keySigner, type KeySignerOptions } from './key-signer.ts'
export type { SignedTokenParts, SignTokenRequest, TokenSigner } from './token-signer.ts'
