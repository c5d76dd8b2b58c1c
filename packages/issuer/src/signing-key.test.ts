import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { thrownBy } from '../../core/test/fakes.ts'
import { ecPair, rsaPair } from '../../core/test/key-pairs.ts'
import { ConfigurationError } from '@kube-authn/core'
import { signingKeyFromPem } from './signing-key.ts'

const rsa = rsaPair()
const shortRsa = rsaPair(1024)
const [p256, p384, p521, p224] = ['P-256', 'P-384', 'P-521', 'secp224r1'].map((namedCurve) =>
  ecPair(namedCurve),
) as [KeyPair, KeyPair, KeyPair, KeyPair]
const ed25519 = generateKeyPairSync('ed25519')

interface KeyPair {
  readonly publicKey: KeyObject
  readonly privateKey: KeyObject
}

const pkcs1 = ({ privateKey }: KeyPair): string => pem(privateKey.export({ type: 'pkcs1', format: 'pem' }))
const pkcs8 = ({ privateKey }: KeyPair): string => pem(privateKey.export({ type: 'pkcs8', format: 'pem' }))
const sec1 = ({ privateKey }: KeyPair): string => pem(privateKey.export({ type: 'sec1', format: 'pem' }))
const pkix = ({ publicKey }: KeyPair): string => pem(publicKey.export({ type: 'spki', format: 'pem' }))
const pem = (text: string | Buffer): string => String(text)

const labelled = (text: string, label: string): string =>
  text.replace(/(?<=-----(?:BEGIN|END) ).*(?=-----)/g, label)

const EC_PARAMETERS = '-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n'

describe('a key to sign with', () => {
  it.each([
    ['PKCS#1', pkcs1(rsa), 'RS256'],
    ['PKCS#8 of RSA', pkcs8(rsa), 'RS256'],
    ['PKCS#8 of EC', pkcs8(p384), 'ES384'],
    ['SEC1', EC_PARAMETERS + sec1(p521), 'ES512'],
    ['the first of several, behind a public one', pkix(rsa) + sec1(p256) + pkcs1(rsa), 'ES256'],
    ['behind one that is called something else', labelled(sec1(p256), 'PRIVATE KEY') + pkcs8(rsa), 'RS256'],
  ])('can be %s', async (_, text, alg) => {
    const key = await signingKeyFromPem(text)
    expect(key).toMatchObject({ alg, kid: key.verificationKey.kid })
    expect(key.key).toMatchObject({ type: 'private', extractable: false })
  })

  it.each([
    ['nothing', ''],
    ['public', pkix(rsa)],
    ['on a curve that is too short', sec1(p224)],
    ['short', pkcs1(shortRsa)],
    ['of another kind', pkcs8(ed25519)],
    ['SEC1 that is called PKCS#8', labelled(sec1(p256), 'PRIVATE KEY')],
    ['PKCS#8 that is called SEC1', labelled(pkcs8(p256), 'EC PRIVATE KEY')],
    ['PKCS#1 that is called PKCS#8', labelled(pkcs1(rsa), 'PRIVATE KEY')],
    ['PKCS#8 that is called PKCS#1', labelled(pkcs8(rsa), 'RSA PRIVATE KEY')],
    ['called like a public one', labelled(pkcs8(rsa), 'PUBLIC KEY')],
    ['called like a property', labelled(pkcs8(rsa), 'constructor')],
  ])('cannot be %s', async (_, text) => {
    expect(await thrownBy(() => signingKeyFromPem(text))).toBeInstanceOf(ConfigurationError)
  })

  it('is not told of in an error about it', async () => {
    const text = pkcs1(rsa).replace(/\n(.{10})/, '\nAAAAAAAAAA')
    const error = String(await thrownBy(() => signingKeyFromPem(text)))
    expect(error).not.toMatch(/[A-Za-z0-9+/]{30}/)
  })
})
