import { expect, it } from 'vitest'
import { hex, integer } from '../../../../x509/test/der.ts'
import { rsaKey, unsigned } from '../../../../x509/test/unsigned-certificate.ts'
import { chainDigest, readPresentedChain } from './presented-chain.ts'

it('tells chains apart that have the same bytes in different certificates', () => {
  const chains = [
    ['01 02', '03'],
    ['01', '02 03'],
    ['01 02 03'],
    ['01 02 03', ''],
    [],
    ['01 00 00 00 00 02'],
    ['01', '02'],
  ]
  const digests = chains.map((chain) => chainDigest(chain.map(hex)))
  expect(new Set(digests).size).toBe(chains.length)
})

it('is the same for the same chain', () => {
  expect(chainDigest([hex('01'), hex('02')])).toBe(chainDigest([hex('01'), hex('02')]))
})

it.each([
  ['the leaf', 0],
  ['another', 1],
])('refuses RSA keys that are too large for Go, also where %s has it', (_, place) => {
  const modulus = (bits: number): Uint8Array => integer((1n << BigInt(bits)) - 1n)
  const certificate = (bits: number): Uint8Array =>
    unsigned({ publicKey: rsaKey(modulus(bits), integer(65_537)) })
  const chainWith = (bits: number): readonly Uint8Array[] =>
    [certificate(2048), certificate(2048)].with(place, certificate(bits))
  expect(readPresentedChain(chainWith(8192)).leaf.publicKey.kind).toBe('RSA')
  expect(() => readPresentedChain(chainWith(8193))).toThrow(
    'tls: client sent certificate containing RSA key larger than 8192 bits',
  )
})
