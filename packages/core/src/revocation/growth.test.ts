import { describe, expect, it, vi } from 'vitest'
import { expectBytesKept, expectLinearWork } from '../../../../test/growth.ts'
import { fixedClock } from '../../test/fakes.ts'
import { CREDENTIAL_ID_KEY } from '../authenticator/extra-keys.ts'
import { userInfo } from '../authenticator/user.ts'
import type { Revocation } from './revocation.ts'
import { revocationList, type RevocationList } from './revocation-list.ts'
import type { UsedCredential } from './revocations.ts'

const NOW = 1_000_000
const some = <T>(length: number, make: (index: number) => T): T[] =>
  Array.from({ length }, (_, index) => make(index))
const names = (length: number, letter = 'n'): string[] => some(length, (index) => `${letter}${index}`)

const credentialOf = (
  extra: Readonly<Record<string, readonly string[]>>,
  username = 'jane',
): UsedCredential => ({
  user: userInfo({ username, extra }),
  certificateId: undefined,
  issuedAtMs: NOW,
  expiresAtMs: undefined,
  tokenSha256: '0'.repeat(64),
})

const listOf = (revocations: readonly Revocation[]): RevocationList => {
  const list = revocationList({ clock: fixedClock(NOW) })
  for (const [index, revocation] of revocations.entries()) list.set(`r${index}`, revocation)
  return list
}

/** Revocations that a credential of a length has to be compared with. */
const REVOCATIONS: readonly (readonly [string, (length: number) => readonly Revocation[]])[] = [
  ['many of its user', (length) => some(length, (index) => ({ user: 'jane', issuedBeforeMs: index }))],
  ['many of other users', (length) => names(length).map((user) => ({ user }))],
  ['many tokens', (length) => some(length, (index) => ({ tokenSha256: String(index).padStart(64, '1') }))],
  ['many keys', (length) => names(length).map((key) => ({ attribute: { key, value: 'other' } }))],
  ['many values of one key', (length) => names(length).map((value) => ({ attribute: { key: 'k', value } }))],
  ['many credentials', (length) => names(length, 'JTI=').map((credentialId) => ({ credentialId }))],
]

const CREDENTIALS: readonly (readonly [string, (length: number) => UsedCredential])[] = [
  ['many values', (length) => credentialOf({ k: names(length, 'v') })],
  ['many keys', (length) => credentialOf(Object.fromEntries(names(length).map((key) => [key, ['v']])))],
  ['one value many times', (length) => credentialOf({ k: some(length, () => 'v') })],
  ['many ids', (length) => credentialOf({ [CREDENTIAL_ID_KEY]: names(length, 'id') })],
]

const PAIRS = REVOCATIONS.flatMap(([revoked, revocations]) =>
  CREDENTIALS.map(([has, credential]) => [revoked, has, revocations, credential] as const),
)

describe('the work of revocations', () => {
  it.each(PAIRS)(
    'grows with their number and the length of a credential: %s, of %s',
    (_, __, revocations, credential) => {
      expectLinearWork(200, (length) => {
        const list = listOf(revocations(length))
        const used = credential(length)
        return () => {
          expect(list.isRevoked(used)).toBe(false)
          list.watch(used, () => undefined)()
        }
      })
    },
  )

  it.each(REVOCATIONS)(
    'grows with their number when they are set, replaced and deleted: %s',
    (_, revocations) => {
      expectLinearWork(200, (length) => () => {
        const list = listOf(revocations(length))
        for (const [index, revocation] of revocations(length).entries()) list.set(`r${index}`, revocation)
        for (let index = 0; index < length; index++) list.delete(`r${index}`)
        expect(list.size).toBe(0)
      })
    },
  )

  it.each(REVOCATIONS)('takes at most twenty bytes for each of theirs: %s', (_, revocations) => {
    expectBytesKept(20, revocations(8000), listOf)
  })

  it.each(CREDENTIALS)('grows with the connections of a user that end: %s', (_, credential) => {
    expectLinearWork(40, (length) => () => {
      const list = revocationList({ clock: fixedClock(NOW) })
      const onRevoked = vi.fn<() => void>()
      const used = credential(100)
      for (let index = 0; index < length; index++) list.watch(used, onRevoked)
      list.set('all', { user: 'jane' })
      expect(onRevoked).toHaveBeenCalledTimes(length)
    })
  })

  it.each(CREDENTIALS)('takes at most fifty bytes for each of a watched credential: %s', (_, credential) => {
    expectBytesKept(50, credential(8000), (used) => {
      const list = revocationList({ clock: fixedClock(NOW) })
      list.watch(used, () => undefined)
      return list
    })
  })
})
