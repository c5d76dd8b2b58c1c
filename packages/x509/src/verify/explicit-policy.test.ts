import { describe, expect, it } from 'vitest'
import { extension, issueCa, issueClient } from '../../test/certificates.ts'
import { outcomeOf } from '../../test/chains.ts'
import { implicit, integer, oid, sequence } from '../../test/der.ts'

const root = await issueCa({ subject: 'root' })

describe('policies', () => {
  const policies = (...ids: readonly string[]) =>
    extension('2.5.29.32', sequence(...ids.map((id) => sequence(oid(id)))))
  const require = (after: number) => extension('2.5.29.36', sequence(implicit(0, Uint8Array.of(after))))
  const inhibitAny = (after: number) => extension('2.5.29.54', integer(after))
  const mapping = extension('2.5.29.33', sequence(sequence(oid('1.2.3'), oid('1.2.4'))))
  const ANY = '2.5.29.32.0'

  it.each<
    readonly [string, readonly ReturnType<typeof policies>[], readonly ReturnType<typeof policies>[], boolean]
  >([
    ['mean nothing where none is demanded', [policies('1.2.3')], [policies('1.2.4')], true],
    ['may not be required yet', [require(5)], [], true],
    ['are missing where one is demanded', [require(0), policies('1.2.3')], [], false],
    ['are the same along the chain', [require(0), policies('1.2.3')], [policies('1.2.3', '1.2.4')], true],
    ['are not others than those of the CA', [require(0), policies('1.2.3')], [policies('1.2.4')], false],
    ['are any where the CA has any', [require(0), policies(ANY)], [policies('1.2.4')], true],
    ['are those of the CA where the leaf has any', [require(0), policies('1.2.3')], [policies(ANY)], true],
    [
      'are not any where that was forbidden',
      [require(0), policies('1.2.3'), inhibitAny(0)],
      [policies(ANY)],
      false,
    ],
    ['are missing in the CA itself', [require(0)], [policies('1.2.3')], false],
    ['may be demanded by the leaf', [], [require(0)], false],
    ['are not mapped', [require(0), policies('1.2.3'), mapping], [policies('1.2.4')], false],
    [
      'are not mapped, even where that changes nothing',
      [require(0), policies('1.2.3'), mapping],
      [policies('1.2.3')],
      false,
    ],
    ['may be mapped where none is demanded', [policies('1.2.3'), mapping], [policies('1.2.4')], true],
  ])('%s', async (_, ca, leaf, expected) => {
    const middle = await issueCa({ subject: 'middle', issuer: root, extensions: ca })
    const end = await issueClient({ issuer: middle, extensions: leaf })
    const outcome = await outcomeOf(end, { roots: [root], intermediates: [middle] })
    expect(outcome).toBe(expected ? 'accepted' : 'policy')
  })
})
