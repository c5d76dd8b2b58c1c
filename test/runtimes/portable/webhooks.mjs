import { webhookAuthorizer, webhookAuthenticator } from '@kube-authn/core/remote'
import { attributesOf, decide } from '@kube-authn/core/authorization'
import { fakeTokenReviewWebhook, fakeUser, fixedClock, knownTokens } from '@kube-authn/testing'
import { checksOf } from './check.mjs'
import { expectEqual } from './expect.mjs'
import { whoseToken } from './requests.mjs'

const check = checksOf('token webhook')

function worldOf(options = {}) {
  const clock = fixedClock()
  const webhook = fakeTokenReviewWebhook(
    knownTokens({ good: fakeUser({ username: 'jane', groups: ['a, b'] }) }),
  )
  const tokens = webhookAuthenticator({
    url: webhook.url,
    fetch: webhook.fetch,
    clock,
    initialBackoffSeconds: 0,
    ...options,
  })
  return { clock, webhook, tokens }
}

check('knows a user by a TokenReview, and no other token', async () => {
  const { webhook, tokens } = worldOf()
  const { username, groups } = await whoseToken(tokens, 'good')
  expectEqual([username, groups], ['jane', ['a, b']])
  const other = await whoseToken(tokens, 'other')
  expectEqual(other === undefined || other === 'rejected', true)
  expectEqual(
    webhook.reviews.map(({ token }) => token),
    ['good', 'other'],
  )
})

check('is asked again when what it said is over', async () => {
  const { clock, webhook, tokens } = worldOf({ ttlSeconds: 5 })
  await whoseToken(tokens, 'good')
  clock.advance(4999)
  await whoseToken(tokens, 'good')
  expectEqual(webhook.reviews.length, 1)
  clock.advance(1)
  await whoseToken(tokens, 'good')
  expectEqual(webhook.reviews.length, 2)
})

check('that is down authenticates no user, and rejects no token', async () => {
  const { webhook, tokens } = worldOf()
  webhook.stop({ status: 403 })
  expectEqual(await whoseToken(tokens, 'good'), 'unavailable')
  webhook.start()
  expectEqual((await whoseToken(tokens, 'good')).username, 'jane')
})

check('that responds with nonsense authenticates no user', async () => {
  for (const body of ['', '{"status":{"authenticated":true}}', '{"kind":"Pod"}', '<html>']) {
    const fetch = async () => new Response(body, { headers: { 'content-type': 'application/json' } })
    expectEqual(await whoseToken(worldOf({ fetch }).tokens, 'good'), 'unavailable')
  }
})

const authorizerCheck = checksOf('authorization webhook')

authorizerCheck('allows what it is told to, and nothing while it is down', async () => {
  const asked = []
  const status = { allowed: true }
  let isDown = false
  const authorizer = webhookAuthorizer({
    url: 'https://webhook.example.com/authorize',
    initialBackoffSeconds: 0,
    clock: fixedClock(),
    allowedTtlSeconds: 0,
    async fetch(_url, { body }) {
      if (isDown) return new Response('', { status: 400 })
      asked.push(JSON.parse(body).spec)
      return Response.json({ apiVersion: 'authorization.k8s.io/v1', kind: 'SubjectAccessReview', status })
    },
  })
  const attributes = attributesOf(fakeUser({ username: 'jane' }), { verb: 'get', resource: 'pods' })
  const verdict = async () => (await decide(authorizer, attributes, {})).verdict
  expectEqual(await verdict(), 'allow')
  expectEqual([asked[0].user, asked[0].resourceAttributes.resource], ['jane', 'pods'])
  isDown = true
  expectEqual(await verdict(), 'noOpinion')
})
