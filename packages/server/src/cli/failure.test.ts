import { expect, it } from 'vitest'
import { reasonOf, storeFailureOf } from './failure.ts'

function chain(length: number, last: object): Error {
  const innermost: Error = Object.assign(new Error('innermost'), last)
  return Array.from({ length }).reduce<Error>((cause) => new Error('outer', { cause }), innermost)
}

it('finds the failure of a store in the causes of an error', () => {
  expect(storeFailureOf(chain(3, { code: 'storeUnavailable' }))).toBe('innermost')
  expect(storeFailureOf(chain(3, { code: 'revisionCompacted' }))).toMatch(/forgotten/)
  expect(storeFailureOf(chain(3, { code: 'ENOENT' }))).toBeUndefined()
  expect(reasonOf(chain(3, { code: 'ECONNREFUSED' }))).toBe('ECONNREFUSED')
})

it('comes to an end where causes do not', () => {
  const error = new Error('a')
  error.cause = new Error('b', { cause: error })
  expect(storeFailureOf(error)).toBeUndefined()
  expect(reasonOf(error)).toBe('Error')
})
