import assert from 'node:assert/strict'
import { basic, ConfigurationError, rejected, union, userInfo } from '@kube-authn/core'
import { auditLog } from '@kube-authn/audit'
import type { RequiredValues } from '@kube-authn/core/internal'
import { fakeAuthenticator } from '../../fake-authenticators.ts'
import type { ContractGuardOptions, ContractMiddleware } from './contract.ts'
import { authentication, bearer, impersonation, type Rule, slowly, tokens } from './plan.ts'

const requireUser: ContractMiddleware = { kind: 'requireUser', options: {} }

function requireGroups(groups: RequiredValues): ContractMiddleware {
  return { kind: 'requireGroups', groups, options: {} }
}

function requireScopes(scopes: RequiredValues, options: ContractGuardOptions = {}): ContractMiddleware {
  return { kind: 'requireScopes', scopes, options }
}

const kinds = ['requireUser', 'requireGroups', 'requireScopes'] as const

const described = fakeAuthenticator(({ headers }) => {
  if (headers.first('x-user') === undefined) return undefined
  return {
    user: userInfo({
      username: headers.first('x-user') ?? '',
      groups: headers.all('x-group').flatMap((value) => value.split(/, ?/)),
      extra: { scopes: headers.all('x-scope').flatMap((value) => value.split(/, ?/)) },
    }),
  }
})

/** Guards, and optional authentication. */
export const guardRules: readonly Rule[] = [
  {
    name: 'where authentication is optional, a request without a credential is anonymous, and a wrong credential is a 401',
    async test(bench) {
      for (const each of [tokens, slowly(tokens)]) {
        const middlewares = [authentication(each, { optional: true })]
        await bench.with({ middlewares }, async ({ send, reached }) => {
          assert.equal((await send()).body, 'system:anonymous')
          assert.deepEqual(reached[0]?.user?.groups, ['system:unauthenticated'])
          assert.equal((await send({ headers: bearer('good') })).body, 'jane')
          for (const header of [
            ...bearer('bad'),
            ['Authorization', 'Unknown x'],
            ['Authorization', ''],
          ] as const) {
            assert.equal((await send({ headers: [header] })).status, 401, header[1])
          }
          assert.equal(reached.length, 2)
        })
      }
    },
  },
  {
    name: 'a guard lets no anonymous request pass: it is a 401 with the challenges of the authenticator',
    kinds,
    async test(bench) {
      const both = union(tokens, basic({ name: 'passwords', authenticatePassword: () => undefined }))
      const first = authentication(both, { optional: true, realm: 'here' })
      for (const guard of [requireUser, requireGroups('admins'), requireScopes('read')]) {
        await bench.with({ middlewares: [first, guard] }, async ({ send, reached }) => {
          const answer = await send()
          assert.equal(answer.status, 401)
          const challenges = answer.header('www-authenticate').join(', ')
          assert.equal(challenges, 'Bearer realm="here", Basic realm="here"')
          assert.match(answer.body, /"reason":"Unauthorized"/)
          assert.equal(reached.length, 0)
        })
      }
      await bench.with({ middlewares: [first, requireUser] }, async ({ send }) => {
        assert.equal((await send({ headers: bearer('good') })).body, 'jane')
      })
    },
  },
  {
    name: 'a guard of groups compares them exactly, any or all of them, and a 403 names them',
    kinds,
    async test(bench) {
      for (const [groups, allowed, refused] of [
        ['a', [['a'], ['b', 'a']], [['b'], [], ['A'], ['aa']]],
        [{ anyOf: ['a', 'b'] }, [['a'], ['b'], ['b', 'c']], [['c'], []]],
        [{ allOf: ['a', 'b'] }, [['a', 'b', 'c']], [['a'], ['b', 'c'], []]],
      ] as const) {
        const middlewares = [authentication(described), requireGroups(groups)]
        await bench.with({ middlewares }, async ({ send, reached }) => {
          const sendAs = (each: readonly string[]) =>
            send({ headers: [['X-User', 'jane'], ...each.map((group) => ['X-Group', group] as const)] })
          for (const each of allowed) assert.equal((await sendAs(each)).status, 200)
          for (const each of refused) {
            const answer = await sendAs(each)
            assert.equal(answer.status, 403, each.join())
            assert.deepEqual(answer.header('www-authenticate'), [])
            assert.match(
              answer.body,
              /"message":"forbidden: User \\"jane\\" cannot get path \\"\/path\\": requires [a-z ]*the groups? \\"a\\"/,
            )
            assert.match(answer.body, /"reason":"Forbidden"/)
          }
          assert.equal(reached.length, allowed.length)
        })
      }
    },
  },
  {
    name: 'a guard of scopes answers with the challenge insufficient_scope of RFC 6750',
    kinds,
    async test(bench) {
      const scopes = { allOf: ['read', 'write'] }
      const middlewares = [authentication(described), requireScopes(scopes)]
      await bench.with({ middlewares }, async ({ send, reached }) => {
        const sendWith = (...each: readonly string[]) =>
          send({ headers: [['X-User', 'jane'], ...each.map((scope) => ['X-Scope', scope] as const)] })
        for (const each of [['read', 'write'], ['write other read']])
          assert.equal((await sendWith(...each)).status, 200)
        for (const each of [[], ['read'], ['readwrite'], ['read writes']]) {
          const answer = await sendWith(...each)
          assert.equal(answer.status, 403, each.join())
          const challenge = 'Bearer error="insufficient_scope", scope="read write"'
          assert.deepEqual(answer.header('www-authenticate'), [challenge])
        }
        assert.equal(reached.length, 2)
      })
    },
  },
  {
    name: 'a guard decides about the user that is impersonated',
    kinds: [...kinds, 'impersonation'],
    async test(bench) {
      const groups = requireGroups('admins')
      const asking = [...bearer('good'), ['Impersonate-User', 'superman']] as const
      const middlewares = [authentication(), impersonation(), groups]
      await bench.with({ middlewares }, async ({ send, reached }) => {
        assert.equal((await send({ headers: [...asking, ['Impersonate-Group', 'admins']] })).body, 'superman')
        assert.equal((await send({ headers: asking })).status, 403)
        assert.equal(reached.length, 1)
      })
      const anonymous = [...bearer('good'), ['Impersonate-User', 'system:anonymous']] as const
      for (const optional of [true, false]) {
        const plan = { middlewares: [authentication(tokens, { optional }), impersonation(), requireUser] }
        await bench.with(plan, async ({ send, reached }) => {
          assert.equal((await send({ headers: anonymous })).status, 403)
          assert.equal(reached.length, 0)
        })
      }
      // Before the impersonation is decided, no request passes.
      await bench.with({ middlewares: [authentication(), groups, impersonation()] }, async ({ send }) => {
        assert.equal((await send({ headers: [...asking, ['Impersonate-Group', 'admins']] })).status, 403)
      })
    },
  },
  {
    name: 'a guard lets no request pass that has no user',
    kinds,
    async test(bench) {
      await bench.with({ middlewares: [requireUser, authentication()] }, async ({ send, reached }) => {
        assert.equal((await send({ headers: bearer('good') })).status, 500)
        assert.equal(reached.length, 0)
      })
      const refusing = fakeAuthenticator(() => {
        throw rejected('no')
      })
      const middlewares = [authentication(refusing, {}, true), requireUser]
      await bench.with({ middlewares }, async ({ send, reached }) => {
        assert.equal((await send()).status, 401)
        assert.equal(reached.length, 0)
      })
    },
  },
  {
    name: 'the decision of a guard is in the audit log, and its options are checked',
    kinds,
    async test(bench) {
      const annotations: unknown[] = []
      const observer = auditLog({
        write: (event) => event.stage === 'ResponseComplete' && annotations.push(event.annotations),
      })
      const middlewares = [authentication(described, { observer }), requireScopes('read', { observer })]
      await bench.with({ middlewares }, async ({ send }) => {
        const user = ['X-User', 'jane'] as const
        await send({ headers: [user] })
        await send({ headers: [user, ['X-Scope', 'read']] })
        for (let patience = 0; annotations.length < 2 && patience < 500; patience++) {
          await new Promise((resolve) => setImmediate(resolve))
        }
      })
      assert.deepEqual(annotations, [
        {
          'authorization.k8s.io/decision': 'forbid',
          'authorization.k8s.io/reason': 'requires the scope "read"',
        },
        { 'authorization.k8s.io/decision': 'allow', 'authorization.k8s.io/reason': '' },
      ])
      for (const guard of [
        requireGroups({ anyOf: [] }),
        requireGroups(''),
        requireGroups(['a'] as never),
        requireGroups({ anyOf: ['a'], allOf: ['b'] }),
        requireScopes('a"b'),
        requireScopes({ allOf: ['a b'] }),
      ]) {
        await assert.rejects(bench.make({ middlewares: [authentication(), guard] }), ConfigurationError)
      }
    },
  },
]
