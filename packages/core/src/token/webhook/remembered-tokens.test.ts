import { fixedClock } from '../../../test/fakes.ts'
import { TOKEN_QUESTION, TOKEN_VARIATIONS } from '../../../test/token-questions.ts'
import { describeTwoQuestions } from '../../../test/two-questions.ts'
import { webhookAuthenticator } from './webhook-authenticator.ts'

describeTwoQuestions('a token that a webhook was asked about', {
  base: TOKEN_QUESTION,
  variations: TOKEN_VARIATIONS,
  sharesWork: true,
  create(decide) {
    const tokens = webhookAuthenticator({
      url: 'https://authn.example.com/authenticate',
      clock: fixedClock(),
      fetch: async (_, { body }) => {
        const { spec } = JSON.parse(body) as { spec: { audiences?: readonly string[] } }
        return Response.json({
          apiVersion: 'authentication.k8s.io/v1',
          kind: 'TokenReview',
          status: { authenticated: decide(), user: { username: 'jane' }, audiences: spec.audiences },
        })
      },
    })
    return async ({ token, ...context }) => (await tokens.authenticateToken(token, context)) !== undefined
  },
})
