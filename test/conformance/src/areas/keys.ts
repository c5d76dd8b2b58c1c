import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { ConfigurationError } from '@kube-authn/core'
import { verificationKeysFromPem } from '@kube-authn/core/service-account'
import { signingKeyFromPem } from '@kube-authn/issuer'
import { verificationKeyOfJwk } from '@kube-authn/core/oidc'
import { createPki } from '@kube-authn/testing'
import { NotUnderstood, type UnitRunner } from '../vector.ts'
import { reading } from '../reading.ts'

/** Area C-keys: files of service account keys, and key ids. */
export const keys: UnitRunner = reading(
  { given: 'publicJwk verifyKeyFile signingKeyFile', expect: 'outcome message kid alg keys' },
  async ({ given }) => {
    const { publicJwk, verifyKeyFile, signingKeyFile } = given
    if (publicJwk !== undefined) {
      const { kid, alg } = await verificationKeyOfJwk(publicJwk as JsonWebKey)
      return { kid, alg }
    }
    try {
      if (typeof verifyKeyFile === 'string') {
        const found = await verificationKeysFromPem(await fileOf(verifyKeyFile))
        return { outcome: 'valid', keys: found.map(({ jwk }) => jwk.kty) }
      }
      const { alg } = await signingKeyFromPem(await fileOf(String(signingKeyFile)))
      return { outcome: 'valid', alg }
    } catch (error) {
      if (!(error instanceof ConfigurationError)) throw error
      return { outcome: 'error', message: error.problems[0]?.message }
    }
  },
)

/** The file that a case describes in words: one block, or several. */
async function fileOf(description: string): Promise<string> {
  const blocks = await Promise.all(
    description.split(/ followed by | \+ | and (?=[A-Z])|, (?=[A-Z])/).map(blockOf),
  )
  const text = blocks.join('')
  return /label/i.test(description) ? text.replace(/(?<=-----(?:BEGIN|END) ).*(?=-----)/g, 'ANYTHING') : text
}

async function blockOf(description: string): Promise<string> {
  const make = BLOCKS.find(([pattern]) => pattern.test(description))?.[1]
  if (make === undefined) throw new NotUnderstood(`a key file ${JSON.stringify(description)}`)
  return make(description)
}

const BLOCKS: readonly (readonly [RegExp, (description: string) => string | Promise<string>])[] = [
  [/^(?:an )?empty/i, () => ''],
  [/^text without PEM/, () => 'there is no key in here\n'],
  [/PRIVATE KEY.*Ed25519/i, () => exported(ed25519().privateKey, 'pkcs8')],
  [/Ed25519/i, () => exported(ed25519().publicKey, 'spki')],
  [/CERTIFICATE with RSA/, () => certificate('RSA-2048')],
  [/CERTIFICATE with EC/, () => certificate('P-256')],
  [/RSA PUBLIC KEY/, () => exported(rsa().publicKey, 'pkcs1')],
  [/PUBLIC KEY \(RSA\)/, () => exported(rsa().publicKey, 'spki')],
  [/PUBLIC KEY \(EC\)/, (text) => exported(ec(text).publicKey, 'spki')],
  [/PKCS#1/, () => exported(rsa().privateKey, 'pkcs1')],
  [/PRIVATE KEY \(RSA\)/, () => exported(rsa().privateKey, 'pkcs8')],
  [/PKCS#8 PRIVATE KEY \(EC/, (text) => exported(ec(text).privateKey, 'pkcs8')],
  [/SEC1|EC PRIVATE KEY/, (text) => exported(ec(text).privateKey, 'sec1')],
  [/EC PARAMETERS/, () => EC_PARAMETERS],
  [/RSA/, () => exported(rsa().publicKey, 'spki')],
  [/EC/, (text) => exported(ec(text).publicKey, 'spki')],
]

const EC_PARAMETERS = '-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n'

interface KeyPair {
  readonly publicKey: KeyObject
  readonly privateKey: KeyObject
}

function rsa(): KeyPair {
  return generateKeyPairSync('rsa', { modulusLength: 2048 })
}

function ec(description: string): KeyPair {
  const curve = /P-\d+/.exec(description)?.[0] ?? 'P-256'
  return generateKeyPairSync('ec', { namedCurve: curve === 'P-224' ? 'secp224r1' : curve })
}

function ed25519(): KeyPair {
  return generateKeyPairSync('ed25519')
}

function exported(key: KeyObject, type: 'pkcs1' | 'pkcs8' | 'sec1' | 'spki'): string {
  return key.export({ type, format: 'pem' }).toString()
}

async function certificate(algorithm: 'RSA-2048' | 'P-256'): Promise<string> {
  const { certificatePem } = await (await createPki({ algorithm })).issueClient({ commonName: 'sa' })
  return certificatePem
}
