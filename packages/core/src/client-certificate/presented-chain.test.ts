import { expect, it } from 'vitest'
import { hex } from '../../test/der.ts'
import { chainDigest } from './presented-chain.ts'

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
