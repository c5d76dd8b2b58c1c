import { errorList, fieldPath } from '@kube-authn/core/internal'
import { describe, expect, it } from 'vitest'
import { cpuSecondsOf } from '../../../../test/cpu-seconds.ts'
import { validateFinalizerNames, validateFinalizers } from './metadata.ts'

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

describe('the names of finalizers', () => {
  const problems = (finalizers: readonly string[], before?: readonly string[]): readonly string[] => {
    const errors = errorList()
    validateFinalizerNames(fieldPath('metadata').child('finalizers'), finalizers, before, errors)
    return errors.errors.map(({ path, message }) => `${path}: ${message}`)
  }
  const refusal = (index: number, name: string): string =>
    `metadata.finalizers[${index}]: Invalid value: "${name}": name is neither a standard finalizer name nor is it fully qualified`

  it.each<[readonly string[], readonly string[] | undefined, readonly string[]]>([
    [['bad'], undefined, [refusal(0, 'bad')]],
    [['example.com/a', 'bad', 'constructor'], [], [refusal(1, 'bad'), refusal(2, 'constructor')]],
    [['example.com/a', 'kubernetes', 'orphan', 'foregroundDeletion'], undefined, []],
    [['old', 'new'], ['old'], [refusal(1, 'new')]],
    [[], ['old'], []],
  ])('%j after %j have the problems %j', (names, before, expected) => {
    expect(problems(names, before)).toEqual(expected)
  })
})
