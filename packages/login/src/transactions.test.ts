import { fixedClock } from '@kube-authn/testing'
import { describe, expect, it } from 'vitest'
import { keyOf } from '../test/sessions.ts'
import { setCookie } from './cookies.ts'
import { sealer } from './sessions/seal.ts'
import { sessionKeyBytes } from './sessions/session-keys.ts'
import { transactions } from './transactions.ts'

const origin = 'https://app.example.com'

/** An attempt to log in, and what becomes of it with other content under the same seal. */
async function begun() {
  const clock = fixedClock()
  const keys = [keyOf(1)]
  const attempts = transactions({ keys, origin, clock, sessions: { useOnce: () => Promise.resolve(true) } })
  const { transaction, setCookies } = await attempts.begin('', 'example', '/page')
  const [line = ''] = setCookies
  const name = line.slice(0, line.indexOf('='))
  const { seal } = sealer(keys.map(sessionKeyBytes), ['login transaction', 1, origin])
  const finish = async (content: string) => {
    const cookie = setCookie(name, await seal(content), 900, true)
    return (await attempts.finish(cookie.slice(0, cookie.indexOf(';')), transaction.state)).transaction
  }
  return { transaction, finish }
}

describe('an attempt to log in', () => {
  it('is what was sealed', async () => {
    const { transaction, finish } = await begun()
    expect(await finish(JSON.stringify(transaction))).toEqual(transaction)
  })

  it.each(['state', 'nonce', 'verifier', 'provider', 'returnTo', 'endsAtMs'])(
    'counts only with its %s',
    async (member) => {
      const { transaction, finish } = await begun()
      for (const value of [undefined, null, {}]) {
        expect(await finish(JSON.stringify({ ...transaction, [member]: value }))).toBeUndefined()
      }
    },
  )

  it.each(['null', '[]', '1', '"x"'])('is not %s', async (content) => {
    const { finish } = await begun()
    expect(await finish(content)).toBeUndefined()
  })
})
