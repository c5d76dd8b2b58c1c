import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { ConfigurationError } from '@kube-authn/core'
import { verificationKeysFromPem } from '@kube-authn/core/service-account'
import { issuerDiscovery } from './issuer-discovery.ts'

const pem = (namedCurve: string): string =>
  generateKeyPairSync('ec', { namedCurve }).privateKey.export({ type: 'sec1', format: 'pem' }).toString()
const keys = await verificationKeysFromPem(pem('P-521') + pem('P-256') + pem('P-256'))
const issuer = 'https://issuer.example.com'

describe('what is told of an issuer', () => {
  const { documentAt } = issuerDiscovery({ issuer, keys, externalAddress: 'api.example.com:6443' })

  it('is who it is, where its keys are, and each algorithm once', () => {
    expect(documentAt('/.well-known/openid-configuration')).toEqual({
      headers: { 'content-type': 'application/json', 'cache-control': 'public, max-age=3600' },
      body:
        '{"issuer":"https://issuer.example.com","jwks_uri":"https://api.example.com:6443/openid/v1/jwks",' +
        '"response_types_supported":["id_token"],"subject_types_supported":["public"],' +
        '"id_token_signing_alg_values_supported":["ES256","ES512"]}',
    })
  })

  it('is the public half of every key', () => {
    const document = documentAt('/openid/v1/jwks')
    expect(document?.headers['content-type']).toBe('application/jwk-set+json')
    const told = JSON.parse(document?.body ?? '') as { readonly keys: readonly object[] }
    expect(told.keys).toHaveLength(3)
    for (const key of told.keys) {
      expect(Object.keys(key)).toEqual(['use', 'kty', 'kid', 'crv', 'alg', 'x', 'y'])
    }
  })

  it('has its members in the order of kube-apiserver, for RSA too', async () => {
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
    const rsaKeys = await verificationKeysFromPem(rsa.export({ type: 'pkcs1', format: 'pem' }).toString())
    const twice = issuerDiscovery({
      issuer,
      keys: [...rsaKeys, ...rsaKeys],
      jwksUri: 'https://x.example.com/keys',
    })
    const once = issuerDiscovery({ issuer, keys: rsaKeys, jwksUri: 'https://x.example.com/keys' })
    expect(twice.documentAt('/openid/v1/jwks')).toEqual(once.documentAt('/openid/v1/jwks'))
    const described = issuerDiscovery({ issuer, keys: rsaKeys, jwksUri: 'https://x.example.com/keys' })
    expect(described.documentAt('/openid/v1/jwks')?.body).toMatch(
      /^{"keys":\[{"use":"sig","kty":"RSA","kid":"[\w-]{43}","alg":"RS256","n":"[\w-]+","e":"AQAB"}]}$/,
    )
  })

  it('is of the keys there are at the moment', () => {
    let current = keys.slice(0, 1)
    const described = issuerDiscovery({ issuer, keys: () => current, externalAddress: 'api.example.com' })
    const bodies = (): readonly (string | undefined)[] =>
      ['/.well-known/openid-configuration', '/openid/v1/jwks'].map((path) => described.documentAt(path)?.body)
    const [first, firstKeys] = bodies()
    expect(first).toContain('"id_token_signing_alg_values_supported":["ES512"]')
    current = keys.slice(1, 2)
    const [second, secondKeys] = bodies()
    expect(second).toContain('"id_token_signing_alg_values_supported":["ES256"]')
    expect(firstKeys).toContain(keys[0]?.kid)
    expect(secondKeys).not.toContain(keys[0]?.kid)
    expect(secondKeys).toContain(keys[1]?.kid)
  })

  it.each([
    '/',
    '/.well-known',
    '/.well-known/openid-configuration/',
    '/.well-known/openid-configuration?x',
    '/openid/v1/jwks/foo',
    '/openid/v1',
    '/OPENID/v1/jwks',
    '__proto__',
  ])('is nothing at %s', (path) => {
    expect(documentAt(path)).toBeUndefined()
  })

  it.each([
    ['an issuer over http', { issuer: 'http://issuer.example.com' }, 'issuer'],
    ['an issuer that is a name', { issuer: 'issuer' }, 'issuer'],
    ['no issuer', { issuer: '' }, 'issuer'],
    ['an issuer with a query', { issuer: `${issuer}?x` }, 'issuer'],
    ['an issuer with an empty fragment', { issuer: `${issuer}#` }, 'issuer'],
    ['an issuer with a space', { issuer: ` ${issuer}` }, 'issuer'],
    ['keys over http', { jwksUri: 'http://issuer.example.com/jwks' }, 'jwksUri'],
    ['keys at half a URL', { jwksUri: 'issuer.example.com/jwks' }, 'jwksUri'],
    ['keys nowhere', { externalAddress: '' }, 'externalAddress'],
    ['keys at no host', { externalAddress: 'a b' }, 'externalAddress'],
    ['keys at a path', { externalAddress: 'a.example/x' }, 'externalAddress'],
    ['keys at a query', { externalAddress: 'a.example?x=' }, 'externalAddress'],
    ['keys at a fragment', { externalAddress: 'a.example#' }, 'externalAddress'],
    ['keys at a host with a password', { externalAddress: 'u:p@a.example' }, 'externalAddress'],
    ['no keys', { keys: [] }, 'keys'],
    ['no keys at the moment', { keys: () => [] }, 'keys'],
  ])('is not told with %s', (_, options, path) => {
    const make = () => issuerDiscovery({ issuer, keys, externalAddress: 'api.example.com', ...options })
    expect(make).toThrow(ConfigurationError)
    expect(make).toThrow(`${path}: `)
  })
})
