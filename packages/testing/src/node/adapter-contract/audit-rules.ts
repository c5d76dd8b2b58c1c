import assert from 'node:assert/strict'
import { auditLog } from '@kube-authn/audit'
import type { Observer } from '@kube-authn/core'
import { authentication, bearer, type Rule, slowly, tokens } from './plan.ts'

/** The responses of an app that has an audit log. */
export const auditRules: readonly Rule[] = [
  {
    name: 'every answer has the id of its request in the audit log, also one that is refused or made of an error',
    isAboutAnswers: true,
    async test(bench) {
      const { observer, ids } = recordIds()
      const middlewares = [authentication(slowly(tokens), { observer })]
      for (const [isRaw, isBroken] of [
        [false, false],
        [true, false],
        [false, true],
      ] as const) {
        const handle = () => {
          if (isBroken) throw new Error('the app is broken')
          return { body: 'ok', isRaw }
        }
        await bench.with({ middlewares, handle }, async ({ send }) => {
          for (const [headers, status] of [
            [bearer('good'), isBroken ? 500 : 200],
            [bearer('warned-good'), isBroken ? 500 : 200],
            [bearer('bad'), 401],
            [[], 401],
            [[...bearer('good'), ['Impersonate-User', 'superman']], 403],
          ] as const) {
            const answer = await send({ headers })
            assert.equal(answer.status, status)
            const [id, ...others] = answer.header('audit-id')
            assert.deepEqual(others, [])
            assert.equal(ids.at(-1), id)
          }
        })
      }
      assert.equal(new Set(ids).size, 15)
    },
  },
  {
    name: 'the id of a request in the audit log is that in its header Audit-ID, unless that cannot be one',
    isAboutAnswers: true,
    async test(bench) {
      const { observer, ids } = recordIds()
      await bench.with({ middlewares: [authentication(tokens, { observer })] }, async ({ send }) => {
        for (const token of ['good', 'bad']) {
          const answer = await send({ headers: [...bearer(token), ['Audit-ID', `of-${token}`]] })
          assert.deepEqual([answer.header('audit-id'), ids.at(-1)], [[`of-${token}`], `of-${token}`])
        }
        const long = await send({ headers: [['Audit-ID', 'x'.repeat(65)]] })
        assert.match(long.header('audit-id').join(), /^[\da-f-]{36}$/)
      })
    },
  },
  {
    name: 'an answer to a request of which the server left headers out has an id too',
    protocols: ['http1'],
    isAboutAnswers: true,
    async test(bench) {
      const { observer, ids } = recordIds()
      const headers = Array.from({ length: 1010 }, () => ['Audit-ID', 'a'] as const)
      await bench.with({ middlewares: [authentication(tokens, { observer })] }, async ({ send }) => {
        const answer = await send({ headers })
        assert.equal(answer.status, 431)
        assert.deepEqual(answer.header('audit-id'), [ids.at(-1)])
      })
    },
  },
  {
    name: 'an answer has no id where there is no audit log',
    async test(bench) {
      const headers = [...bearer('good'), ['Audit-ID', 'a']] as const
      for (const options of [{}, { observer: () => undefined }]) {
        await bench.with({ middlewares: [authentication(tokens, options)] }, async ({ send }) => {
          assert.deepEqual((await send({ headers })).header('audit-id'), [])
        })
      }
    },
  },
]

function recordIds(): { readonly observer: Observer; readonly ids: string[] } {
  const ids: string[] = []
  return {
    ids,
    // Only the first stage: a client may receive its response before the last event.
    observer: auditLog({ write: ({ stage, auditID }) => stage !== 'ResponseComplete' && ids.push(auditID) }),
  }
}
