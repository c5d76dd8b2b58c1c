import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyPairKeyObjectResult,
} from 'node:crypto'

/*
 * New keys, read from their bytes. Node 20 waits for itself for ever when the garbage of `generateKeyPairSync` is collected while the very key
 * that it made is told as a JWK.
 */

export function rsaPair(modulusLength = 2048): KeyPairKeyObjectResult {
  return reread(generateKeyPairSync('rsa', { modulusLength }))
}

export function ecPair(namedCurve = 'P-256'): KeyPairKeyObjectResult {
  return reread(generateKeyPairSync('ec', { namedCurve }))
}

function reread({ publicKey, privateKey }: KeyPairKeyObjectResult): KeyPairKeyObjectResult {
  return {
    publicKey: createPublicKey(publicKey.export({ type: 'spki', format: 'pem' })),
    privateKey: createPrivateKey(privateKey.export({ type: 'pkcs8', format: 'pem' })),
  }
}
