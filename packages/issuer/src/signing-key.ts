import { ConfigurationError } from '@kube-authn/core'
import { aString, type Check, type CryptoKey, must, refuseProblems } from '@kube-authn/core/internal'
import {
  type VerificationKey,
  type EncodedKey,
  encodedKeyOf,
  KEY_PARAMETERS,
  pemBlocks,
  verificationKeyOf,
} from '@kube-authn/core/service-account'

/** A key that signs tokens. */
export interface SigningKey {
  /** The `kid` of tokens signed with this key. */
  readonly kid: string
  readonly alg: VerificationKey['alg']
  /** The private key, not extractable. */
  readonly key: CryptoKey
  readonly verificationKey: VerificationKey
}

export const aSigningKey: Check = must(
  'must be a key, as signingKeyFromPem(...) makes',
  (value) => typeof value === 'object' && value !== null && 'key' in value && 'alg' in value,
)

/**
 * Reads the first private key of a `--service-account-signing-key-file`. Its PEM label must match its form: `RSA PRIVATE KEY` (PKCS#1), `EC
 * PRIVATE KEY` (SEC1) or `PRIVATE KEY` (PKCS#8). Other blocks, such as EC parameters, are skipped.
 *
 * Source: client-go `util/keyutil/key.go` (`ParsePrivateKeyPEM`), kubernetes `pkg/serviceaccount/jwt.go` (`JWTTokenGenerator`).
 *
 * @throws {ConfigurationError} if there is no key, or it cannot sign.
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
  const verificationKey = await verificationKeyOf(encoded)
  const { kid, alg } = verificationKey
  const key = await crypto.subtle.importKey('pkcs8', encoded.der, KEY_PARAMETERS[alg], false, ['sign'])
  return Object.freeze({ kid, alg, key, verificationKey })
}

const PRIVATE_KEY_FORMS: ReadonlyMap<string, EncodedKey['form']> = new Map([
  ['EC PRIVATE KEY', 'SEC1'],
  ['RSA PRIVATE KEY', 'PKCS#1'],
  ['PRIVATE KEY', 'PKCS#8'],
])
