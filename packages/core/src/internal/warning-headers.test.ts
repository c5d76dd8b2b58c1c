import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { warningHeaders } from './warning-headers.ts'

/** As a client reads it. */
const read = (values: readonly string[]): readonly string[] =>
  values.map((value) => Buffer.from(value, 'latin1').toString())

describe('warningHeaders', () => {
  it.each<readonly [text: string, value: string | undefined]>([
    ['careful', '299 - "careful"'],
    ['a "quoted" \\ text', String.raw`299 - "a \"quoted\" \\ text"`],
    ['żółć ☃ 😀', '299 - "żółć ☃ 😀"'],
    ['', undefined],
    ['a\r\nSet-Cookie: b', undefined],
    ['a\tb', undefined],
    ['a\0', undefined],
    ['a\u007f', undefined],
    ['a\u0085', undefined],
    ['a\ud800', undefined],
    ['\udcff', undefined],
  ])('of %j is %s', (text, value) => {
    expect(read(warningHeaders([text]))).toEqual(value === undefined ? [] : [value])
  })

  it('has each text once, in order', () => {
    expect(warningHeaders(['b', 'a', 'b'])).toEqual(['299 - "b"', '299 - "a"'])
    expect(warningHeaders([])).toEqual([])
  })

  it('does not truncate warnings of up to 4,096 characters in total', () => {
    const [one, other] = ['😀'.repeat(4000), 'b'.repeat(96)]
    expect(read(warningHeaders([one, 'not\nsent', other]))).toEqual([`299 - "${one}"`, `299 - "${other}"`])
  })

  it('cuts each to 256 where there is more', () => {
    const [one, other] = ['😀'.repeat(4000), 'b'.repeat(97)]
    expect(read(warningHeaders([one, other]))).toEqual([`299 - "${'😀'.repeat(256)}"`, `299 - "${other}"`])
    // What is cut off does not count.
    expect(warningHeaders([`${'c'.repeat(256)}\n`, one, other])).toHaveLength(3)
  })

  it('sends no more than 4,096 characters of truncated warnings', () => {
    const warnings = Array.from({ length: 100 }, (_, index) => `${index}`.padEnd(300, 'x'))
    const values = warningHeaders(warnings)
    expect(values).toHaveLength(16)
    expect(values.every((value) => value.length === 256 + '299 - ""'.length)).toBe(true)
  })

  it('sends what was short all the same', () => {
    const many = Array.from({ length: 4096 }, (_, index) => String.fromCodePoint(0x4e00 + index))
    expect(warningHeaders([...many, 'one more', 'and another'])).toHaveLength(4097)
  })

  it('are headers that can be sent, whatever the warnings', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary', maxLength: 600 })), (warnings) => {
        for (const value of warningHeaders(warnings)) {
          expect(value).toMatch(/^299 - "(?:[ !#-[\]-~\u0080-\u00ff]|\\["\\])*"$/)
          expect(new Headers({ warning: value }).get('warning')).toBe(value)
        }
      }),
    )
  })
})
