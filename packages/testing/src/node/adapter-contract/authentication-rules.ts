import assert from 'node:assert/strict'
import { fails } from '../../answers.ts'
import { fakeAuthenticator } from '../../fake-authenticators.ts'
import { basic, ConfigurationError, union } from '@kube-authn/core'
import { authentication, bearer, alwaysUser, jane, type Rule, slowly, tokens } from './plan.ts'

/** Which requests pass, with which user, and the responses to the others. */
export const authenticationRules: readonly Rule[] = [
  {
    name: 'a known user passes, as the very user that the authenticator knows',
    async test(bench) {
      for (const authenticator of [alwaysUser(jane), slowly(alwaysUser(jane))]) {
        await bench.with({ middlewares: [authentication(authenticator)] }, async ({ send, reached }) => {
          const { status, body } = await send()
          assert.deepEqual([status, body], [200, 'jane'])
          assert.equal(reached[0]?.user, jane)
          assert.equal(reached[0]?.requester, undefined)
        })
      }
    },
  },
  {
    name: 'a request without a credential is a 401 before any handler, whatever its method',
    async test(bench) {
      await bench.with({ middlewares: [authentication(slowly(tokens))] }, async ({ send, reached }) => {
        // Over HTTP/2 Koa 2 does not respond to HEAD, whatever its middlewares do.
        const methods = ['GET', 'POST', 'OPTIONS', ...(bench.protocol === 'http2' ? [] : ['HEAD'])]
        for (const method of methods) {
          assert.equal((await send({ method })).status, 401, method)
        }
        assert.equal(reached.length, 0)
      })
    },
  },
  {
    name: 'a 401 is a Status in JSON, for every reason the same',
    isAboutAnswers: true,
    async test(bench) {
      const broken = fakeAuthenticator(fails(new TypeError('a secret')))
      for (const [authenticator, headers] of [
        [tokens, []],
        [tokens, bearer('bad')],
        [broken, []],
        [slowly(broken), []],
      ] as const) {
        await bench.with({ middlewares: [authentication(authenticator)] }, async ({ send, reached }) => {
          const answer = await send({ headers })
          assert.equal(answer.status, 401)
          assert.deepEqual(JSON.parse(answer.body), UNAUTHORIZED)
          assert.match(answer.header('content-type')[0] ?? '', /^application\/json(?:;|$)/)
          assert.equal(reached.length, 0)
        })
      }
    },
  },
  {
    name: 'a 401 has a challenge for every scheme, and says so when the token was the reason',
    async test(bench) {
      const both = union(tokens, basic({ name: 'passwords', authenticatePassword: () => undefined }))
      await bench.with({ middlewares: [authentication(both, { realm: 'here' })] }, async ({ send }) => {
        const none = (await send()).header('www-authenticate').join(', ')
        assert.equal(none, 'Bearer realm="here", Basic realm="here"')
        const bad = (await send({ headers: bearer('bad') })).header('www-authenticate').join(', ')
        assert.equal(bad, 'Bearer realm="here", error="invalid_token", Basic realm="here"')
      })
    },
  },
  {
    name: 'a request of which the server left headers out is a 431, and nothing decides about it',
    protocols: ['http1'],
    async test(bench) {
      const authenticator = fakeAuthenticator(() => ({ user: jane }))
      // By default Node keeps a thousand.
      const headers = [...bearer('good'), ...Array.from({ length: 1010 }, () => ['B', ''] as const)]
      await bench.with({ middlewares: [authentication(authenticator)] }, async ({ send, reached }) => {
        assert.equal((await send({ headers })).status, 431)
        assert.equal(authenticator.calls.length + reached.length, 0)
        assert.equal((await send({ headers: bearer('good') })).status, 200)
      })
    },
  },
  {
    name: 'requests at the same time are kept apart',
    async test(bench) {
      const named = slowly(
        fakeAuthenticator((request) => ({
          user: { ...jane, username: request.headers.first('x-name') ?? '' },
        })),
      )
      await bench.with({ middlewares: [authentication(named)] }, async ({ send }) => {
        const names = Array.from({ length: 20 }, (_, index) => `user-${index}`)
        const answers = await Promise.all(names.map((name) => send({ headers: [['X-Name', name]] })))
        assert.deepEqual(
          answers.map(({ body }) => body),
          names,
        )
      })
    },
  },
  {
    name: 'options that cannot work are an error when the app is made',
    async test(bench) {
      for (const wrong of [
        authentication(tokens, { audiences: [] }),
        authentication({ ...tokens, authenticate: undefined } as never),
      ]) {
        await assert.rejects(bench.make({ middlewares: [wrong] }), ConfigurationError)
      }
    },
  },
  {
    name: 'an authenticator that needs the certificates of peers is an error on a runtime that does not provide them',
    async test(bench) {
      const credentials = { schemes: [], peerCertificates: true }
      const middlewares = [authentication({ ...alwaysUser(jane), credentials })]
      // Bun's servers do not provide them, and this is how the runtime is detected.
      const [runtime, name] = [globalThis, 'Bun']
      assert.ok(!(name in runtime), 'this runtime is Bun')
      Reflect.set(runtime, name, {})
      try {
        await assert.rejects(bench.make({ middlewares }), ConfigurationError)
      } finally {
        Reflect.deleteProperty(runtime, name)
      }
      await bench.make({ middlewares })
    },
  },
]

const UNAUTHORIZED = {
  kind: 'Status',
  apiVersion: 'v1',
  metadata: {},
  status: 'Failure',
  message: 'Unauthorized',
  reason: 'Unauthorized',
  code: 401,
}
