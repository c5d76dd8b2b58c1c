import { fixedClock, jane, later } from '../../../test/fakes.ts'
import { TOKEN_QUESTION, TOKEN_VARIATIONS } from '../../../test/token-questions.ts'
import { describeTwoQuestions } from '../../../test/two-questions.ts'
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
