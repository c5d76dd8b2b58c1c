import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { timeOfRfc3339 } from './rfc3339.ts'

describe('timeOfRfc3339', () => {
  it.each([
    ['UTC', '2009-11-10T23:00:00Z', 1_257_894_000_000],
    ['an offset to the east', '2009-11-11T01:00:00+01:30', 1_257_895_800_000],
    ['an offset to the west', '2009-11-10T20:00:00-03:00', 1_257_894_000_000],
    ['a fraction', '2009-11-10T23:00:00.1239Z', 1_257_894_000_123],
    ['a comma before the fraction', '2009-11-10T23:00:00,5Z', 1_257_894_000_500],
    ['an hour of one digit', '2009-11-10T3:00:00Z', 1_257_822_000_000],
    ['the 29th of February', '2024-02-29T00:00:00Z', 1_709_164_800_000],
    ['the year 0', '0000-01-01T00:00:00Z', -62_167_219_200_000],
  ])('reads %s', (_, text, expected) => {
    expect(timeOfRfc3339(text)).toBe(expected)
  })

  it.each([
    ['nothing', ''],
    ['a word', 'not-a-date'],
    ['a date', '2009-11-10'],
    ['no offset', '2009-11-10T23:00:00'],
    ['a space', '2009-11-10 23:00:00Z'],
    ['lower case', '2009-11-10t23:00:00z'],
    ['no seconds', '2009-11-10T23:00Z'],
    ['the hour 24', '2009-11-10T24:00:00Z'],
    ['the second 60', '2009-12-31T23:59:60Z'],
    ['the minute 60', '2009-12-31T23:60:00Z'],
    ['the month 13', '2009-13-10T23:00:00Z'],
    ['the 30th of February', '2009-02-30T23:00:00Z'],
    ['the 29th of February in other years', '2023-02-29T23:00:00Z'],
    ['an offset of 25 hours', '2009-11-10T23:00:00+25:00'],
    ['an offset without a colon', '2009-11-10T23:00:00+0100'],
    ['an empty fraction', '2009-11-10T23:00:00.Z'],
    ['a line end behind it', '2009-11-10T23:00:00Z\n'],
    ['a space before it', ' 2009-11-10T23:00:00Z'],
    ['a year of five digits', '12009-11-10T23:00:00Z'],
    ['an endless fraction', `2009-11-10T23:00:00.${'0'.repeat(100)}Z`],
  ])('refuses %s', (_, text) => {
    expect(timeOfRfc3339(text)).toBeUndefined()
  })

  it('reads what JavaScript prints, and any text or nothing of it', () => {
    fc.assert(
      fc.property(
        fc.date({ min: new Date(0), max: new Date('9999-12-31T23:59:59Z'), noInvalidDate: true }),
        (date) => {
          expect(timeOfRfc3339(date.toISOString())).toBe(date.getTime())
        },
      ),
    )
    fc.assert(fc.property(fc.string(), (text) => timeOfRfc3339(text) === undefined))
  })
})
