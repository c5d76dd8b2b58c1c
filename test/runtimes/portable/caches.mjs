import { fetchRequest, impersonateRequest } from '@kube-authn/core/adapter'
import { userInfo } from '@kube-authn/core'
import { allow, attributesOf, decide } from '@kube-authn/core/authorization'
import { cached, webhookAuthenticator, webhookAuthorizer } from '@kube-authn/core/remote'
import { keystonePassword } from '@kube-authn/keystone'
import { always, fakeTokenAuthenticator, fakeUser } from '@kube-authn/testing'
import { checksAcrossRequestsOf, checksOf } from './check.mjs'
import { expectEqual } from './expect.mjs'
import { keystone } from './keystone.mjs'
import { requestWith } from './requests.mjs'

// By the runtime's clock, which on workerd stands still between I/O.

const within = checksOf('caches within a request')

within('forget when their time is over', async () => {
  const delegate = fakeTokenAuthenticator(always(fakeUser()))
  const tokens = cached(delegate, { successTtlSeconds: 0.1 })
  await untilForgotten(tokens, delegate)
  expectEqual(delegate.calls.length, 2)
})

within('do not forget before', async () => {
  const [delegate, other] = [1, 2].map(() => fakeTokenAuthenticator(always(fakeUser())))
  const tokens = cached(delegate, { successTtlSeconds: 3600 })
  await tokens.authenticateToken('t', {})
  await untilForgotten(cached(other, { successTtlSeconds: 0.05 }), other)
  await tokens.authenticateToken('t', {})
  expectEqual(delegate.calls.length, 1)
})

/** A minute and more, so that a cache that never forgets is a failure of its own check. */
const MOST_TRIES = 6000

async function untilForgotten(tokens, { calls }) {
  for (let tries = 0; calls.length < 2 && tries < MOST_TRIES; tries++) {
    await tokens.authenticateToken('t', {})
    await new Promise((resolve) => void setTimeout(resolve, 10))
  }
}

/** Each caches for a second, and counts its calls. */
const CACHES = {
  'of tokens'() {
    const delegate = fakeTokenAuthenticator(always(fakeUser()))
    const tokens = cached(delegate, { successTtlSeconds: 1 })
    return { ask: () => tokens.authenticateToken('t', {}), count: () => delegate.calls.length }
  },

  'of a token webhook'() {
    const { fetch, count } = answering({
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenReview',
      status: { authenticated: true, user: { username: 'jane' } },
    })
    const tokens = webhookAuthenticator({ url: 'https://webhook.example.com/', fetch, ttlSeconds: 1 })
    return { ask: () => tokens.authenticateToken('t', {}), count }
  },

  'of an authorization webhook'() {
    const { fetch, count } = answering({
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SubjectAccessReview',
      status: { allowed: true },
    })
    const authorizer = webhookAuthorizer({ url: 'https://webhook.example.com/', fetch, allowedTtlSeconds: 1 })
    const attributes = attributesOf(userInfo({ username: 'jane' }), { verb: 'get', resource: 'pods' })
    return { ask: () => decide(authorizer, attributes, {}), count }
  },

  'of passwords of a Keystone'() {
    const { calls, fetch } = keystone({ expiresAtMs: Date.now() + 3_600_000 })
    const url = 'https://keystone.example.com'
    const passwords = keystonePassword({ url, fetch, successTtlSeconds: 1 })
    const logins = () => calls.filter((call) => call.startsWith('POST')).length
    return { ask: () => passwords.authenticatePassword('jane', 'pw', {}), count: logins }
  },

  'of constrained impersonation'() {
    let count = 0
    const authorizer = {
      name: 'counting',
      authorize() {
        count++
        return allow()
      },
    }
    const impersonate = impersonateRequest(authorizer, { mode: 'constrained', ttlSeconds: 1 })
    const request = fetchRequest(requestWith({ 'impersonate-user': 'jane' }, '/api/v1/namespaces/n/pods'))
    return { ask: () => impersonate(request, userInfo({ username: 'clark' })), count: () => count }
  },
}

const across = checksAcrossRequestsOf('caches across requests')

for (const [name, make] of Object.entries(CACHES)) {
  across(`${name} forget when their time is over`, {
    async first() {
      const cache = make()
      await cache.ask()
      const once = cache.count()
      expectEqual(once > 0, true)
      await cache.ask()
      expectEqual(cache.count(), once)
      return { cache, once }
    },
    async later({ cache, once }) {
      await cache.ask()
      expectEqual(cache.count() > once, true)
    },
  })
}

function answering(review) {
  let count = 0
  return {
    count: () => count,
    async fetch() {
      count++
      return Response.json(review)
    },
  }
}
