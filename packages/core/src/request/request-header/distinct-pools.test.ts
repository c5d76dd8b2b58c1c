import { expect, it } from 'vitest'
import { issueCa, poolOf } from '../../../../x509/test/certificates.ts'
import { ConfigurationError } from '../../authenticator/errors.ts'
import { assertDistinctPools } from './distinct-pools.ts'

const one = await issueCa({ subject: 'one' })
const two = await issueCa({ subject: 'two' })

it('accepts two pools that have nothing in common', () => {
  expect(() => assertDistinctPools(poolOf(one), poolOf(two))).not.toThrow()
})

it('refuses the same CA in both, also under another certificate', async () => {
  const renewed = await issueCa({ subject: 'new name', keys: one.keys })
  expect(() => assertDistinctPools(poolOf(one, two), poolOf(one))).toThrow(ConfigurationError)
  expect(() => assertDistinctPools(poolOf(one), poolOf(two, renewed))).toThrow(
    /^requestHeader: has a CA in common/,
  )
})
