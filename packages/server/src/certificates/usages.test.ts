import { expect, it } from 'vitest'
import { certificateUsages, USAGES } from './usages.ts'

it('there are 23 usages, in order', () => {
  expect(USAGES).toHaveLength(23)
  expect(USAGES.slice(0, 3)).toEqual(['any', 'cert sign', 'client auth'])
})

it.each<[readonly string[], number, readonly string[]]>([
  [[], 0, []],
  [['signing', 'server auth', 's/mime', 'email protection'], 1, ['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.4']],
  [['s/mime', 'client auth', 'any'], 0, ['2.5.29.37.0', '1.3.6.1.5.5.7.3.2', '1.3.6.1.5.5.7.3.4']],
  [['signing', 'digital signature', 'content commitment'], 0b11, []],
  [['encipher only', 'decipher only', 'crl sign', 'cert sign'], 0b1_1110_0000, []],
  [['key encipherment', 'data encipherment', 'key agreement'], 0b1_1100, []],
])('%j are in a certificate', (usages, keyUsage, extendedKeyUsages) => {
  expect(certificateUsages(usages)).toEqual({ keyUsage, extendedKeyUsages })
})

it('an unknown usage is refused', () => {
  expect(() => certificateUsages(['any', '__proto__'])).toThrow('unrecognized usage values: ["__proto__"]')
})
