import { describe, expect, it } from 'vitest'
import { evaluated } from '../../test/cel.ts'
import { CelCompileError, CelEvaluationError, type CelValue } from '../kubernetes/index.ts'

describe('a version', () => {
  it.each([
    ['1.0.0', true, true],
    ['0.1.0-alpha.1', true, true],
    ['1.0.0-a.b-c+d.e', true, true],
    ['1.0.0+b', true, true],
    ['v1.0', false, true],
    ['1', false, true],
    ['01.01.01', false, true],
    ['1.2.-a', false, true],
    ['hello', false, false],
    ['', false, false],
    ['1.2', false, true],
    ['1.2-a', false, false],
    ['1.2.3-', false, false],
    ['1.2.3+', false, false],
    ['1.2.3-01', false, false],
    ['1.2.3-é', false, false],
    ['1.2.3.4', false, false],
    [' 1.2.3', false, false],
    ['18446744073709551616.0.0', false, false],
    [`1.2.3-${'a'.repeat(250)}`, true, true],
    [`1.2.3-${'a'.repeat(251)}`, false, false],
  ])('is %j: %s, and when it need not be exact: %s', (text, isExact, isLenient) => {
    expect(evaluated('isSemver(claims.x)', { x: text })).toBe(isExact)
    expect(evaluated('isSemver(claims.x, true)', { x: text })).toBe(isLenient)
  })

  it.each<[string, CelValue]>([
    ['semver("1.2.3").major() * 100 + semver("1.2.3").minor() * 10 + semver("1.2.3").patch()', 123n],
    ['semver("18446744073709551615.0.0").major()', -1n],
    ['semver("v1.0", true) == semver("1.0.0")', true],
    ['semver("1.0.0+a") == semver("1.0.0+b")', true],
    ['semver("1.2.3").compareTo(semver("2.0.0"))', -1n],
    ['semver("1.10.0").isGreaterThan(semver("1.9.0"))', true],
    ['semver("1.0.0").isLessThan(semver("1.0.0"))', false],
    [
      '["1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1", "1.0.0"]' +
        '.transformList(i, v, v).sortBy(v, 0).all(v, ["1.0.0"].all(w, !semver(v).isGreaterThan(semver(w))))',
      true,
    ],
    ['semver("1.0.0-alpha.1").isLessThan(semver("1.0.0-alpha.beta"))', true],
    ['semver("1.0.0-beta.2").isLessThan(semver("1.0.0-beta.11"))', true],
    ['semver("1.0.0-alpha").isLessThan(semver("1.0.0-alpha.1"))', true],
  ])('%s', (expression, expected) => {
    expect(evaluated(expression)).toEqual(expected)
  })

  it('is refused where it is wrong', () => {
    expect(() => evaluated('semver("200K")')).toThrow(CelEvaluationError)
    expect(() => evaluated('semver("1.0.0", 1)')).toThrow(CelCompileError)
    expect(() => evaluated('semver("1.0.0").isLessThan(quantity("1"))')).toThrow(CelCompileError)
  })
})
