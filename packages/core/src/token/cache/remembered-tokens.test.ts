import { fixedClock, jane, later } from '../../../test/fakes.ts'
import { TOKEN_QUESTION, TOKEN_VARIATIONS } from '../../../test/token-questions.ts'
import { describeTwoQuestions } from '../../../test/two-questions.ts'
import { describe, expect, it } from 'vitest'
import { userInfo } from '../../authenticator/user.ts'
import { cached } from './cached.ts'

describeTwoQuestions('a token that was looked up', {
  base: TOKEN_QUESTION,
  variations: TOKEN_VARIATIONS,
  sharesWork: true,
  create(decide) {
    const delegate = { name: 'd', authenticateToken: later(() => (decide() ? { user: jane } : undefined)) }
    const tokens = cached(delegate, { clock: fixedClock(), maxEntries: 500 })
    return async ({ token, ...context }) => (await tokens.authenticateToken(token, context)) !== undefined
  },
})

describe('a cache of tokens', () => {
  it.each([
    ['groups', { groups: Array.from({ length: 1000 }, (_, index) => `a-group-of-the-user-${index}`) }],
    ['extra', { extra: { 'example.com/rights': ['x'.repeat(50_000)] } }],
    ['a refusal', undefined],
  ])('keeps fewer of those that lead to long users: %s', async (_, more) => {
    let lookups = 0
    const user = userInfo({ username: 'jane', ...more })
    const delegate = {
      name: 'd',
      authenticateToken() {
        lookups++
        return more === undefined ? undefined : { user }
      },
    }
    const tokens = cached(delegate, { clock: fixedClock(), maxEntries: 100, failureTtlSeconds: 10 })
    const askAll = async (): Promise<number> => {
      lookups = 0
      for (let index = 0; index < 50; index++) await tokens.authenticateToken(`token-${index}`, {})
      return lookups
    }
    await askAll()
    expect(await askAll()).toBe(more === undefined ? 0 : 50)
    expect((await tokens.authenticateToken('token-49', {}))?.user).toEqual(more && user)
    expect(lookups).toBe(more === undefined ? 0 : 50)
  })
})
