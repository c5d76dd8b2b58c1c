import { isStoreError, StoreError } from '@kube-authn/store'
import { expect, it } from 'vitest'
import { isStoreError as isOwnStoreError, StoreError as OwnStoreError } from './store-error.ts'

it('recognises errors of another copy of the package, by their code', () => {
  const ofOther = new StoreError('objectNotFound', 'there is none')
  expect(OwnStoreError).not.toBe(StoreError)
  expect(isOwnStoreError(ofOther, 'objectNotFound')).toBe(true)
  expect(isOwnStoreError(ofOther, 'closed')).toBe(false)
  expect(isStoreError(new OwnStoreError('closed', 'it was closed'), 'closed')).toBe(true)
})

it.each([undefined, 'closed', { code: 'closed', message: 'it was closed' }, new Error('closed')])(
  'does not take %j for an error of a store',
  (value) => {
    expect(isOwnStoreError(value, 'closed')).toBe(false)
  },
)
