import { errorList } from '@kube-authn/core/internal'
import { describe, expect, it } from 'vitest'
import { cpuSecondsOf } from '../../../../test/cpu-seconds.ts'
import { validateFinalizers } from './metadata.ts'

describe('the finalizers of an object that is being deleted', () => {
  const many = (letter: string, length: number): readonly string[] =>
    Array.from({ length }, (_, index) => `${letter}/${index}`)
  const deleted = (finalizers: readonly string[]) => ({
    deletionTimestamp: '2026-01-01T00:00:00Z',
    finalizers,
  })
  const problems = (now: readonly string[], before: readonly string[]): number => {
    const errors = errorList()
    validateFinalizers({ finalizers: now }, deleted(before), errors)
    return errors.errors.length
  }

  it('may become fewer, and no more', () => {
    expect(problems(['a/1'], ['a/2', 'a/1'])).toBe(0)
    expect(problems([], ['a/1'])).toBe(0)
    expect(problems(['a/1', 'a/2'], ['a/1'])).toBe(1)
  })

  it('are compared in time that grows with their number', () => {
    const [before, after] = [many('a', 100_000), many('b', 100_000)]
    expect(cpuSecondsOf(() => expect(problems(after, before)).toBe(1))).toBeLessThan(3)
  })
})
