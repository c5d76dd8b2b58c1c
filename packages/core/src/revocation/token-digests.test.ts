import { createHash, generateKeyPairSync, sign, verify } from 'node:crypto'
import { describe, expect, it, vi } from 'vitest'
import { authorized, jane, knows, tokens } from '../../test/fakes.ts'
import { authenticatorChain } from '../chain/chain.ts'
import { authenticateRequest } from '../handler/authenticate-request.ts'
import { cached } from '../token/cache/cached.ts'
import { revocationList } from './revocation-list.ts'
import type { UsedCredential } from './revocations.ts'
import { digestsOf, signedPartOf } from './token-digests.ts'
import { unlessRevoked } from './unless-revoked.ts'

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')
const encoded = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')

const CURVES = [
  ['ES256', 'P-256', 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n],
  [
    'ES384',
    'P-384',
    0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n,
  ],
  [
    'ES512',
    'P-521',
    0x01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409n,
  ],
] as const

const signed = `${encoded({ alg: 'ES256' })}.${encoded({ sub: 'jane' })}`

async function accepts(revoked: ReturnType<typeof revocationList>, token: string): Promise<boolean> {
  const chain = authenticatorChain({ tokens: [tokens(knows(jane))] })
  const outcome = await authenticateRequest(unlessRevoked(revoked, chain), { log: false })(
    authorized(`Bearer ${token}`),
  )
  return !('failure' in outcome)
}

describe.each(CURVES)('a token with %s', (alg, namedCurve, order) => {
  const digest = { ES256: 'sha256', ES384: 'sha384', ES512: 'sha512' }[alg]
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve })
  const text = `${encoded({ alg })}.${encoded({ sub: 'jane' })}`
  const options = { key: privateKey, dsaEncoding: 'ieee-p1363' } as const
  const signature = sign(digest, Buffer.from(text), options)
  const middle = signature.length / 2
  const s = BigInt(`0x${signature.subarray(middle).toString('hex')}`)
  const other = Buffer.concat([
    signature.subarray(0, middle),
    Buffer.from((order - s).toString(16).padStart(signature.length, '0'), 'hex'),
  ])
  const [one, two] = [signature, other].map((each) => `${text}.${each.toString('base64url')}`) as [
    string,
    string,
  ]

  it('is valid with two signatures, and both are revoked by any digest', async () => {
    expect(verify(digest, Buffer.from(text), { key: publicKey, dsaEncoding: 'ieee-p1363' }, other)).toBe(true)
    for (const revoked of [one, two, text]) {
      const list = revocationList()
      list.set('leaked', { tokenSha256: sha256(revoked).toUpperCase() })
      expect(await accepts(list, one)).toBe(false)
      expect(await accepts(list, two)).toBe(false)
      expect(await accepts(list, `${encoded({ alg })}.${encoded({ sub: 'jan' })}.${one.split('.')[2]}`)).toBe(
        true,
      )
      list.delete('leaked')
      expect(await accepts(list, two)).toBe(true)
    }
  })

  it('ends connections by any digest', async () => {
    for (const revoked of [one, two, text]) {
      const list = revocationList()
      const chain = unlessRevoked(list, authenticatorChain({ tokens: [tokens(knows(jane))] }))
      const outcome = await authenticateRequest(chain)(authorized(`Bearer ${one}`))
      const ended = vi.fn()
      if ('authentication' in outcome) outcome.authentication.revocation?.watch(ended)
      list.set('leaked', { tokenSha256: sha256(revoked) })
      expect(ended).toHaveBeenCalledOnce()
    }
  })
})

describe('what was signed', () => {
  it.each([
    ['a token of a file', 'abc'],
    ['a token with dots', 'a.b.c'],
    ['no header', `.${encoded({})}.c2ln`],
    ['a header without an algorithm', `${encoded({ typ: 'JWT' })}.${encoded({})}.c2ln`],
    ['a header that is a string', `${encoded('alg')}.${encoded({})}.c2ln`],
    ['a header of another alphabet', `${encoded({ alg: 'ES256' })}=.${encoded({})}.c2ln`],
    ['an encrypted token', `${encoded({ alg: 'dir' })}...c2ln.c2ln`],
    ['no signature', signed],
    ['a list of algorithms', `${encoded({ alg: ['ES256'] })}.${encoded({})}.c2ln`],
    ['a long token', 'e'.repeat(100_000)],
  ])('is nothing of %s, whose only digest is its own', (_, token) => {
    expect(signedPartOf(token)).toBeUndefined()
    expect(digestsOf(token)).toEqual([sha256(token)])
  })

  it.each(['', 'c2ln', '!', 'A'.repeat(86), '_'.repeat(86), 'A'.repeat(342)])(
    'is the header and the payload whatever the signature, such as %j',
    (signature) => {
      const token = `${signed}.${signature}`
      expect(signedPartOf(token)).toBe(signed)
      expect(digestsOf(token).slice(0, 2)).toEqual([sha256(token), sha256(signed)])
    },
  )

  it('is not looked for again while a token is remembered', async () => {
    const seen: UsedCredential[] = []
    const chain = authenticatorChain({ tokens: [cached(tokens(knows(jane)))] })
    const authenticate = authenticateRequest(unlessRevoked((used) => seen.push(used) < 0, chain))
    const token = `${signed}.c2ln`
    for (let turn = 0; turn < 3; turn++) await authenticate(authorized(`Bearer ${token}`))
    const digests = seen.map(({ tokenDigests }) => tokenDigests)
    expect(digests[1]).toEqual([sha256(token), sha256(signed)])
    expect(digests[2]).toBe(digests[1])
  })
})
