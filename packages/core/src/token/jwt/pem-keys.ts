import { ConfigurationError } from '../../authenticator/errors.ts'
import { aNonEmptyString, aString, must } from '../../internal/options/check.ts'
import { refuseProblems } from '../../internal/options/shape.ts'
import { type EncodedKey, encodedKeyOf } from './key-der.ts'
import { invalidKey } from './public-jwk.ts'
import { KEY_PARAMETERS, type VerificationKey, verificationKeyOfJwk } from './verification-key.ts'
import { bytesOfBase64 } from '@kube-authn/internal/base64'
import { base64OfPem, pemBlocks as blocksIn } from '@kube-authn/internal/pem'
import type { Bytes } from '@kube-authn/x509'

/**
 * Reads all keys of a `--service-account-key-file`, in order, regardless of the PEM labels. Each block may be a public key (PKIX), a
 * certificate, an RSA private key (PKCS#1 or PKCS#8) or an EC private key (SEC1 only, as in Kubernetes); only the public half of private
 * keys is kept. Other blocks are skipped.
 *
 * Source: client-go `util/keyutil/key.go` (`ParsePublicKeysPEM`).
 *
 * Deviation: RSA keys that are too short or too long and damaged keys are errors (`docs/deviations.md`, RSA keys of tokens; key files).
 *
 * @throws {ConfigurationError} if there is no key, or one is unusable.
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
  return Promise.all(usable.map(verificationKeyOf))
}

/**
 * Reads a DER-encoded `SubjectPublicKeyInfo` (PKIX), as returned by a KMS or an external signer.
 *
 * Source: Go `crypto/x509` (`ParsePKIXPublicKey`).
 *
 * Deviation: keys of other kinds are errors, and so are RSA keys that are too short or too long (`docs/deviations.md`, RSA keys of tokens;
 * keys of signers).
 *
 * @param der at most 8,192 bytes.
 * @param keyId the `kid`. Default: as in Kubernetes.
 * @throws {ConfigurationError} if the key is of another kind or unusable.
 * @example
 * const key = await verificationKeyFromDer(new Uint8Array(PublicKey), KeyId)
 */
export async function verificationKeyFromDer(der: Uint8Array, keyId?: string): Promise<VerificationKey> {
  refuseProblems(isBytes(der, 'der'), keyId === undefined ? [] : aNonEmptyString(keyId, 'keyId'))
  const encoded = der.length <= MAX_DER_BYTES ? encodedKeyOf(Uint8Array.from(der)) : undefined
  // A certificate contains a public key but is not one.
  if (encoded?.form !== 'SPKI' || encoded.der.length !== der.length)
    throw invalidKey('is not an RSA or EC public key')
  const key = await verificationKeyOf(encoded)
  return keyId === undefined ? key : Object.freeze({ ...key, kid: keyId })
}

const MAX_DER_BYTES = 8192
const isBytes = must('must be a Uint8Array', (value) => value instanceof Uint8Array)

/** The public half of a key, which WebCrypto validates and derives. */
export async function verificationKeyOf({ form, alg, der }: EncodedKey): Promise<VerificationKey> {
  const [format, usage] = form === 'SPKI' ? (['spki', 'verify'] as const) : (['pkcs8', 'sign'] as const)
  let jwk: JsonWebKey
  try {
    const key = await crypto.subtle.importKey(format, der, KEY_PARAMETERS[alg], true, [usage])
    jwk = await crypto.subtle.exportKey('jwk', key)
  } catch {
    // The WebCrypto error may reveal parts of the key.
    throw invalidKey(`is not an ${alg} key that this runtime can use`)
  }
  return verificationKeyOfJwk(jwk)
}

/** Larger than any key file. */
const MAX_PEM_LENGTH = 1_048_576

/** More blocks than any key file has. */
const MAX_BLOCKS = 1000

export interface PemBlock {
  /** The label, as in `PRIVATE KEY`. */
  readonly label: string
  readonly der: Bytes
}

/** All blocks of a PEM file (RFC 7468), with any label. Text around the blocks, blocks with headers (which are encrypted) and invalid base64 are skipped. `undefined` if the file is too large. */
export function pemBlocks(pem: string): readonly PemBlock[] | undefined {
  if (pem.length > MAX_PEM_LENGTH) return undefined
  const blocks: PemBlock[] = []
  for (const block of blocksIn(pem)) {
    const der = block.isComplete ? bytesOfBase64(base64OfPem(block)) : undefined
    if (der !== undefined) blocks.push({ label: block.label, der })
    if (blocks.length > MAX_BLOCKS) return undefined
  }
  return blocks
}
