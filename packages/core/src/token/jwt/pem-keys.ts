import { ConfigurationError } from '../../authenticator/errors.ts'
import { aNonEmptyString, aString, must, refuseProblems } from '../../internal/options/index.ts'
import { type EncodedKey, encodedKeyOf } from './key-der.ts'
import { pemBlocks } from './pem-blocks.ts'
import {
  invalidKey,
  KEY_PARAMETERS,
  type SigningAlgorithm,
  type VerificationKey,
  verificationKeyOfJwk,
} from './verification-key.ts'

/** A key that tokens are signed with. */
export interface SigningKey {
  /** What tokens name the key by. */
  readonly kid: string
  readonly alg: SigningAlgorithm
  /** The private key. It cannot be exported. */
  readonly key: CryptoKey
  readonly verificationKey: VerificationKey
}

/**
 * The keys in a file of `--service-account-key-file`: as many as there are, in order. What the blocks are called does not matter.
 * Each may be a public key (PKIX), a certificate, an RSA private key (PKCS#1 or PKCS#8) or an EC private key (SEC1 only, as
 * in Kubernetes); of private keys only the public half is kept. Other blocks are skipped.
 *
 * Source: client-go `util/keyutil/key.go` (`ParsePublicKeysPEM`).
 *
 * Deviation: RSA keys that are too short or too long are an error, and so are keys that are damaged (`docs/deviations.md`, RSA keys of
 * tokens; key files).
 *
 * @throws {ConfigurationError} when there is no key, or one cannot be used.
 * @example
 * const keys = await verificationKeysFromPem(await readFile('sa.pub', 'utf8'))
 */
export async function verificationKeysFromPem(pem: string): Promise<readonly VerificationKey[]> {
  refuseProblems(aString(pem, 'pem'))
  const encoded = (pemBlocks(pem) ?? [])
    .map(({ der }) => encodedKeyOf(der))
    .filter((key) => key !== undefined)
  const usable = encoded.filter(({ form, alg }) => form !== 'PKCS#8' || alg === 'RS256')
  if (usable.length === 0) {
    throw new ConfigurationError([
      { path: 'keys', message: 'data does not contain any valid RSA or ECDSA public keys' },
    ])
  }
  return Promise.all(usable.map(async (key) => verificationKeyOfJwk(await jwkOf(key))))
}

/**
 * The key of a `SubjectPublicKeyInfo` (PKIX), in DER as a KMS or an external signer gives it.
 *
 * Source: Go `crypto/x509` (`ParsePKIXPublicKey`).
 *
 * Deviation: keys of other kinds are an error, and so are RSA keys that are too short or too long (`docs/deviations.md`, RSA keys of
 * tokens; keys of signers).
 *
 * @param der at most 8,192 bytes.
 * @param keyId what tokens name the key by. Default: as Kubernetes names it.
 * @throws {ConfigurationError} when it is no such key.
 * @example
 * const key = await verificationKeyFromDer(new Uint8Array(PublicKey), KeyId)
 */
export async function verificationKeyFromDer(der: Uint8Array, keyId?: string): Promise<VerificationKey> {
  refuseProblems(isBytes(der, 'der'), keyId === undefined ? [] : aNonEmptyString(keyId, 'keyId'))
  const encoded = der.length <= MAX_DER_BYTES ? encodedKeyOf(Uint8Array.from(der)) : undefined
  // A certificate has a public key in it, and is none.
  if (encoded?.form !== 'SPKI' || encoded.der.length !== der.length)
    throw invalidKey('is not an RSA or EC public key')
  const key = await verificationKeyOfJwk(await jwkOf(encoded))
  return keyId === undefined ? key : Object.freeze({ ...key, kid: keyId })
}

const MAX_DER_BYTES = 8192
const isBytes = must('must be a Uint8Array', (value) => value instanceof Uint8Array)

/**
 * The key in a file of `--service-account-signing-key-file`: the first private key, which is called what it is: `RSA PRIVATE KEY`
 * (PKCS#1), `EC PRIVATE KEY` (SEC1) or `PRIVATE KEY` (PKCS#8). Other blocks, such as EC parameters, are skipped.
 *
 * Source: client-go `util/keyutil/key.go` (`ParsePrivateKeyPEM`), kubernetes `pkg/serviceaccount/jwt.go` (`JWTTokenGenerator`).
 *
 * @throws {ConfigurationError} when there is no key, or it cannot sign.
 * @example
 * const key = await signingKeyFromPem(await readFile('sa.key', 'utf8'))
 */
export async function signingKeyFromPem(pem: string): Promise<SigningKey> {
  refuseProblems(aString(pem, 'pem'))
  const encoded = (pemBlocks(pem) ?? [])
    .map(({ label, der }) => ({ key: encodedKeyOf(der), form: PRIVATE_KEY_FORMS.get(label) }))
    .find(({ key, form }) => key !== undefined && key.form === form)?.key
  if (encoded === undefined) {
    throw new ConfigurationError([
      { path: 'key', message: 'data does not contain a valid RSA or ECDSA private key' },
    ])
  }
  const jwk = await jwkOf(encoded)
  const verificationKey = await verificationKeyOfJwk(jwk)
  const { kid, alg } = verificationKey
  const key = await crypto.subtle.importKey('jwk', jwk, KEY_PARAMETERS[alg], false, ['sign'])
  return Object.freeze({ kid, alg, key, verificationKey })
}

const PRIVATE_KEY_FORMS: ReadonlyMap<string, EncodedKey['form']> = new Map([
  ['EC PRIVATE KEY', 'SEC1'],
  ['RSA PRIVATE KEY', 'PKCS#1'],
  ['PRIVATE KEY', 'PKCS#8'],
])

/** Through WebCrypto, which checks that the key is one, and finds the public half of a private key. */
async function jwkOf({ form, alg, der }: EncodedKey): Promise<JsonWebKey> {
  const [format, usage] = form === 'SPKI' ? (['spki', 'verify'] as const) : (['pkcs8', 'sign'] as const)
  try {
    const key = await crypto.subtle.importKey(format, der, KEY_PARAMETERS[alg], true, [usage])
    return await crypto.subtle.exportKey('jwk', key)
  } catch {
    // What WebCrypto says may tell of the key.
    throw invalidKey(`is not a key of ${alg} that this runtime can use`)
  }
}
