import { fixedClock } from '@kube-authn/testing'
import { describe, expect, it } from 'vitest'
import { fakeValkey, storeOver } from '../../test/fake-valkey.ts'
import { sessionStoreContract } from '../../test/session-store-contract.ts'
import { contentOf } from '../../test/sessions.ts'
import { storedSessionsSuite } from '../../test/stored-sessions-suite.ts'
import { storedSessions } from '../sessions/stored-sessions.ts'
import type { ValkeyClient } from './valkey-client.ts'

storedSessionsSuite((clock) => {
  const valkey = fakeValkey(clock)
  const values = async (prefix: string) =>
    valkey.records().flatMap(([key, value]) => (key.startsWith(prefix) ? [`${key} ${value}`] : []))
  return { store: storeOver(valkey), values }
})

describe('the model of Valkey', () => {
  const clock = fixedClock()
  const store = storeOver(fakeValkey(clock))
  sessionStoreContract(
    () => store,
    async (milliseconds) => clock.advance(milliseconds),
  )
})

describe('sessions in Valkey', () => {
  it('have keys of which each with its folder is at one node of a cluster, whatever names users have', async () => {
    const clock = fixedClock()
    const valkey = fakeValkey(clock)
    const asked: string[][] = []
    const watched: ValkeyClient = {
      ...valkey,
      evalSha(sha1, options) {
        asked.push(options.keys)
        return valkey.evalSha(sha1, options)
      },
    }
    const keeper = storedSessions({ store: storeOver(watched), clock })
    for (const username of ['{}', '{a}b', '}{', '__proto__', '/', '*', '{'.repeat(100), '\u0000', '\ud800']) {
      const content = contentOf('jane', {
        username,
        subject: `{${username}`,
        providerSession: `}${username}`,
      })
      await keeper.begin(content)
      expect((await keeper.list({ username })).map((each) => each.username)).toEqual([username])
      expect(await keeper.endWhere({ username })).toBe(1)
    }
    expect(asked.length).toBeGreaterThan(100)
    for (const keys of asked) {
      const tags = keys.map((key) => /^[\w./-]*\{([\da-f]+)\}\/[\w-]*$/.exec(key)?.[1] ?? key)
      expect(new Set(tags).size).toBe(1)
    }
  })

  it('leave no folder when they are over', async () => {
    const clock = fixedClock()
    const valkey = fakeValkey(clock)
    const keeper = storedSessions({ store: storeOver(valkey), clock })
    await keeper.begin(contentOf('jane'))
    const { session } = await keeper.begin(contentOf('bob'))
    await keeper.end(session)
    await keeper.endWhere({ providerSession: 'sid-jane' })
    expect(valkey.folders()).not.toEqual([])
    clock.advance(43_200_000)
    expect([valkey.records(), valkey.folders()]).toEqual([[], []])
  })

  it('take a record without a revision for one that was damaged', async () => {
    const clock = fixedClock()
    const valkey = fakeValkey(clock)
    const damaged: ValkeyClient = { ...valkey, evalSha: async () => [clock.now(), 'damaged'] }
    expect(await storeOver(damaged).get('/a/b')).toEqual({ key: '/a/b', value: 'damaged', revision: -1 })
  })

  it.each([
    ['no list', 'OK'],
    ['no time', [null, 'x']],
    ['a list of something', [1_000_000, ['x']]],
    ['bytes', [1_000_000, Buffer.from('1 x')]],
  ])('fail for an answer that no script gives: %s', async (_, answer) => {
    const client: ValkeyClient = { eval: async () => answer, evalSha: async () => answer }
    await expect(storeOver(client).get('/a/b')).rejects.toThrow(TypeError)
  })
})
