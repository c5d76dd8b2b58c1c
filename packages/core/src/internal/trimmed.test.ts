import fc from 'fast-check'
import { expect, it } from 'vitest'
import { trimmed } from './trimmed.ts'

it.each([
  ['', ''],
  [' ', ''],
  ['\t \t', ''],
  [' a b\t', 'a b'],
  ['\u00a0a\n', '\u00a0a\n'],
])('cuts blanks and tabs off %j', (text, expected) => {
  expect(trimmed(text, ' \t')).toBe(expected)
})

it('leaves what a regular expression leaves', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(' ', '\t', 'a', '\n') }), (text) => {
      expect(trimmed(text, ' \t')).toBe(text.replace(/^[ \t]+/, '').replace(/[ \t]+$/, ''))
    }),
  )
})
