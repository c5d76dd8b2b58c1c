import { expect, it } from 'vitest'
import { delegatedAuthentication } from '../index.ts'
import { auditFromFlags, authenticatorFromFlags, authorizerFromFlags } from '../flags.ts'
import { problemsOf } from '../../test/problems-of.ts'

it.each([
  ['auditFromFlags', auditFromFlags],
  ['authenticatorFromFlags', authenticatorFromFlags],
  ['authorizerFromFlags', authorizerFromFlags],
])('%s reads the command line that it was given, whatever becomes of the array', async (_, fromFlags) => {
  const argv = ['--audit-log-maxage=x', '--anonymous-auth=x', '--authorization-mode=x']
  const expected = await problemsOf(() => fromFlags([...argv]))
  const changed = fromFlags(argv)
  argv.length = 0
  expect(await problemsOf(() => changed)).toEqual(expected)
  expect(expected).not.toEqual([])
})

it.each([
  ['auditFromFlags', (options: object) => auditFromFlags([], options)],
  ['authenticatorFromFlags', (options: object) => authenticatorFromFlags(['--anonymous-auth'], options)],
  [
    'authorizerFromFlags',
    (options: object) => authorizerFromFlags(['--authorization-mode=AlwaysDeny'], options),
  ],
  ['delegatedAuthentication', (options: object) => delegatedAuthentication(options)],
])('%s reads the options that it was given, whatever becomes of the object', async (_, from) => {
  const options: Record<string, unknown> = { clocck: 1 }
  const changed = from(options)
  delete options['clocck']
  expect(await problemsOf(() => changed)).toEqual([expect.stringMatching(/^clocck: unknown option/)])
})
