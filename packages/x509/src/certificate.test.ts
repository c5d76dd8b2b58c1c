import { expect, it } from 'vitest'
import { hex } from '../test/der.ts'
import { certificateIdentifier } from './certificate.ts'

it.each([
  [1n, '64845eb7', '487075d4', 'SN=1, SKID=64:84:5E:B7, AKID=48:70:75:D4'],
  [1n, undefined, '48', 'SN=1, SKID=, AKID=48'],
  [2n ** 159n, '', undefined, 'SN=730750818665451459101842416358141509827966271488, SKID=, AKID='],
])('calls certificate %d with the keys %s and %s %s', (serialNumber, subject, authority, expected) => {
  const extensions = {
    ...(subject !== undefined && { subjectKeyIdentifier: hex(subject) }),
    ...(authority !== undefined && { authorityKeyIdentifier: hex(authority) }),
  }
  expect(certificateIdentifier({ serialNumber, extensions })).toBe(expected)
})

it('shows the beginning of a long key identifier', () => {
  const extensions = { subjectKeyIdentifier: new Uint8Array(60_000) }
  expect(certificateIdentifier({ serialNumber: 1n, extensions }).length).toBeLessThan(250)
})
