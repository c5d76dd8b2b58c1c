import { describe, expect, it } from 'vitest'
import { parsedDouble } from './number-text.ts'

/** Cases of Go `strconv/atof_test.go`. */
describe('parsedDouble', () => {
  it.each([
    ['1_23.50_0_0e+1_2', 1.235e14],
    ['0x_1_2.3_4_5p+1_2', 74_565],
    ['0x1p-2', 0.25],
    ['.5e1', 5],
    ['5.', 5],
    ['nan', Number.NaN],
    ['-Infinity', -Infinity],
    ['+INF', Infinity],
    ['_123.5e+12', undefined],
    ['1__23.5e+12', undefined],
    ['123_.5e+12', undefined],
    ['123._5e+12', undefined],
    ['123.5_e+12', undefined],
    ['123.5e_+12', undefined],
    ['123.5e+_12', undefined],
    ['123.5e+12_', undefined],
    ['0x12._345p+12', undefined],
    ['0x1e2', undefined],
    ['0x.p0', undefined],
    ['1e309', undefined],
    ['', undefined],
    ['.', undefined],
    ['1x', undefined],
  ])('of %s is %s', (text, expected) => {
    expect(parsedDouble(text)).toBe(expected)
  })
})
