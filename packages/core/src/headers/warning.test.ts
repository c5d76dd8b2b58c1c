import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { warningHeader } from './warning.ts'

describe('warningHeader', () => {
  it.each([
    ['careful', '299 - "careful"'],
    ['', '299 - ""'],
    ['a "quoted" \\ text', String.raw`299 - "a \"quoted\" \\ text"`],
    ['a\r\nSet-Cookie: b', '299 - "a  Set-Cookie: b"'],
    ['żółć\0\u007f', '299 - "      "'],
  ])('of %j is %s', (text, header) => {
    expect(warningHeader(text)).toBe(header)
  })

  it('is one header that can be sent, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const header = warningHeader(text)
        expect(header).toMatch(/^299 - "(?:[ !#-[\]-~]|\\["\\])*"$/)
        expect(new Headers({ warning: header }).get('warning')).toBe(header)
      }),
    )
  })
})
