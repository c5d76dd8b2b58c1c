import fc from 'fast-check'
import { expect, it } from 'vitest'
import { text } from '../../test/der.ts'
import { DerReader } from './reader.ts'
import { timeOf } from './values.ts'

const UTC = 0x17
const GENERALIZED = 0x18
const read = (tag: number, value: string): number => timeOf(new DerReader(text(tag, value)).next('x'), 'x')

it.each([
  [UTC, '260601123456Z', '2026-06-01T12:34:56Z'],
  [UTC, '491231235959Z', '2049-12-31T23:59:59Z'],
  [UTC, '500101000000Z', '1950-01-01T00:00:00Z'],
  [UTC, '000229000000Z', '2000-02-29T00:00:00Z'],
  [GENERALIZED, '00010101000000Z', '0001-01-01T00:00:00Z'],
  [GENERALIZED, '21200101000000Z', '2120-01-01T00:00:00Z'],
  [GENERALIZED, '99991231235959Z', '9999-12-31T23:59:59Z'],
])('reads a time of tag %i, %s', (tag, value, iso) => {
  expect(read(tag, value)).toBe(Date.parse(iso))
})

it.each([
  ['without seconds', UTC, '2606011234Z'],
  ['with an offset', UTC, '260601123456+0100'],
  ['with an offset of nothing', UTC, '260601123456+0000'],
  ['without a zone', GENERALIZED, '20260601123456'],
  ['with a fraction', GENERALIZED, '20260601123456.5Z'],
  ['of the other form', UTC, '20260601123456Z'],
  ['in a month 0', UTC, '260001000000Z'],
  ['in a month 13', UTC, '261301000000Z'],
  ['on a day 0', UTC, '260100000000Z'],
  ['on February 29 of a year without one', UTC, '270229000000Z'],
  ['on February 29 of 2100', GENERALIZED, '21000229000000Z'],
  ['at hour 24', UTC, '260601240000Z'],
  ['at minute 60', UTC, '260601126000Z'],
  ['at a leap second', UTC, '260601235960Z'],
  ['with a letter', UTC, '26060112345aZ'],
  ['of nothing', UTC, ''],
  ['of another tag', 0x0c, '260601123456Z'],
  ['with a line break behind', UTC, '260601123456Z\n'],
])('refuses a time %s', (_, tag, value) => {
  expect(() => read(tag, value)).toThrow(/^x509: malformed x: /)
})

it('reads every second as what it was', () => {
  const day = fc.date({ min: new Date('0001-01-01'), max: new Date('9999-12-31'), noInvalidDate: true })
  fc.assert(
    fc.property(day, (date) => {
      date.setUTCMilliseconds(0)
      const value = date.toISOString().replaceAll(/[-:T]|\.000/g, '')
      expect(read(GENERALIZED, value)).toBe(date.getTime())
    }),
  )
})
