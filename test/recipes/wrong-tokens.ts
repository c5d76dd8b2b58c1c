import { createHmac } from 'node:crypto'
import { createIssuer, type Issuer } from '@kube-authn/testing'

const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')

/** The public key of an issuer, as PEM. */
export async function publicKeyOf({ keys: [key] }: Issuer): Promise<string> {
  if (key === undefined) throw new Error('the issuer has no key')
  const der = Buffer.from(await crypto.subtle.exportKey('spki', key.publicKey)).toString('base64')
  return `-----BEGIN PUBLIC KEY-----\n${der.replaceAll(/.{64}/g, '$&\n')}\n-----END PUBLIC KEY-----\n`
}

/** What every verifier of tokens for `my-app` must refuse, with the title of each. */
export async function wrongTokens(issuer: Issuer): Promise<readonly (readonly [string, string])[]> {
  const right = { aud: 'my-app', sub: 'jane', scope: 'orders:write' }
  const impostor = await createIssuer({
    url: issuer.url,
    signingAlgorithms: issuer.keys.map(({ alg }) => alg),
  })
  const times = { iat: Math.floor(Date.now() / 1000), exp: Math.floor(Date.now() / 1000) + 600 }
  const claims = { ...right, ...times, iss: issuer.url }
  const hmac = `${part({ alg: 'HS256', typ: 'JWT' })}.${part(claims)}`
  const key = await publicKeyOf(issuer)
  return [
    ['an expired token', await issuer.sign(right, { expirationSeconds: -60 })],
    ['a token for another audience', await issuer.sign({ ...right, aud: 'another-app' })],
    ['a token without an audience', await issuer.sign({ ...right, aud: undefined })],
    ['a token of another issuer', await issuer.sign({ ...right, iss: 'https://evil.example' })],
    ['a token that another key signed', await impostor.sign(right)],
    ['a token that nothing signed', `${part({ alg: 'none', typ: 'JWT' })}.${part(claims)}.`],
    [
      'a token that the public key signed as a secret',
      `${hmac}.${createHmac('sha256', key).update(hmac).digest('base64url')}`,
    ],
    ['no JWT', 'guess'],
  ]
}
