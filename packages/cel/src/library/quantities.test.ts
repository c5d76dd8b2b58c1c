import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { evaluated } from '../../test/cel.ts'
import { CelCompileError, CelEvaluationError, type CelValue } from '../kubernetes/index.ts'
import { addedQuantities, compareQuantities, readQuantity } from './quantities.ts'

describe('a quantity', () => {
  it.each([
    ['1.5G', true],
    ['1.3Gi', true],
    ['10000k', true],
    ['0', true],
    ['-.5m', true],
    ['5.', true],
    ['1e3', true],
    ['1E-3', true],
    ['1E', true],
    ['0Ei', true],
    ['', false],
    ['1,3G', false],
    ['200K', false],
    ['Three', false],
    // As there: it is a zero when it is small enough.
    ['Mi', true],
    ['Ei', false],
    ['1e', false],
    ['1.5.5', false],
    ['--1', false],
    ['1 k', false],
    ['1e400', true],
    ['1e-400', true],
    ['1e401', false],
    ['1e-401', false],
    ['1'.repeat(129), false],
  ])('is %j: %s', (text, expected) => {
    expect(evaluated('isQuantity(claims.x)', { x: text })).toBe(expected)
  })

  it.each<[string, CelValue]>([
    ['quantity("50000000G").isInteger()', true],
    ['quantity("50k").asInteger()', 50_000n],
    ['quantity("1.5G").asInteger()', 1_500_000_000n],
    // As there: it depends on how it is written.
    ['quantity("1.0").isInteger()', false],
    ['quantity("1000m").isInteger()', false],
    ['quantity("0.5Gi").isInteger()', false],
    ['quantity("9999999999999999999999999999999999999G").isInteger()', false],
    ['quantity("1.5Gi").asApproximateFloat()', 1_610_612_736],
    ['quantity("50k").sub(20000).asApproximateFloat()', 30_000],
    ['quantity("0.0000000001") == quantity("1n")', true],
    ['quantity("9999Ei") == quantity("9223372036854775807")', true],
    ['sign(quantity("-5")) + sign(quantity("5")) + sign(quantity("0"))', 0n],
    ['quantity("50k").add(20).sub(quantity("100k")).sub(-50000) == quantity("20")', true],
    ['quantity("200M").compareTo(quantity("0.2G"))', 0n],
    ['quantity("50M").compareTo(quantity("50Mi"))', -1n],
    ['quantity("50Mi").isGreaterThan(quantity("50M"))', true],
    ['quantity("50M").isLessThan(quantity("100M"))', true],
    ['quantity("9223372036854775807").add(1).isInteger()', false],
    ['quantity("1k") in [quantity("1000")]', true],
  ])('%s', (expression, expected) => {
    expect(evaluated(expression)).toEqual(expected)
  })

  it.each([
    ['quantity("Three")', 'quantities must match the regular expression'],
    ['quantity("1.5").asInteger()', 'cannot convert value to integer'],
    ['quantity("10E").asInteger()', 'cannot convert value to integer'],
  ])('%s has no value', (expression, message) => {
    expect(() => evaluated(expression)).toThrow(new CelEvaluationError(message))
  })

  it.each([
    'quantity(1)',
    'quantity("1").add("1")',
    'quantity("1") > quantity("0")',
    'quantity("1").isLessThan(1)',
  ])('%s does not compile', (expression) => {
    expect(() => evaluated(expression)).toThrow(CelCompileError)
  })

  it('is more when something is added, and the same again when that is taken away', () => {
    const text = fc
      .tuple(
        fc.bigInt({ min: 0n, max: 10n ** 20n }),
        fc.constantFrom('', '.5', '.000000001'),
        fc.constantFrom('', 'm', 'k', 'Ki', 'E', 'e5'),
      )
      .map((parts) => parts.join(''))
    fc.assert(
      fc.property(text, text, (one, other) => {
        const [a, b] = [readQuantity(one), readQuantity(other)]
        if (a === undefined || b === undefined) throw new TypeError('both are quantities')
        const sum = addedQuantities(a, b, 1n)
        expect(compareQuantities(sum, a)).toBe(Math.sign(Number(b.unscaled)))
        expect(compareQuantities(addedQuantities(sum, b, -1n), a)).toBe(0)
      }),
    )
  })
})
