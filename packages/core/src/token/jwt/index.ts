export { isJwsAlgorithm, JWS_ALGORITHMS, type JwsAlgorithm } from './algorithms.ts'
export { type KeySet, localKeySet } from './key-set.ts'
export {
  signingKeyFromPem,
  type SigningKey,
  verificationKeyFromDer,
  verificationKeysFromPem,
} from './pem-keys.ts'
export { MAX_TOKEN_LENGTH, readJwt, unverifiedIssuer, type UnverifiedJwt } from './read-jwt.ts'
export {
  type PublicJwk,
  type SigningAlgorithm,
  type VerificationKey,
  verificationKeyOfJwk,
} from './verification-key.ts'
export { verifySignature } from './verify-signature.ts'
export type { JsonObject } from '../../internal/objects.ts'
