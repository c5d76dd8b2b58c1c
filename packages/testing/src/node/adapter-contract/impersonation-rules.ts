import assert from 'node:assert/strict'
import { authentication, authorization, bearer, alwaysUser, impersonation, jane, type Rule } from './plan.ts'
import type { SentHeaders } from './running-app.ts'

/** Impersonation requests, and the order of middlewares. */
export const impersonationRules: readonly Rule[] = [
  {
    name: 'a request that asks to impersonate a user is a 403 before any handler without an impersonation middleware',
    async test(bench) {
      await bench.with({ middlewares: [authentication()] }, async ({ send, reached }) => {
        for (const header of ASKING) {
          const { status, body } = await send({ headers: [...bearer('good'), header] })
          assert.equal(status, 403, header[0])
          if (!bench.leavesAnswers) assert.match(body, /"reason":"Forbidden"/)
        }
        assert.equal((await send({ headers: [...bearer('bad'), ...SUPERMAN] })).status, 401)
        assert.equal(reached.length, 0)
      })
    },
  },
  {
    name: 'a request that asks to impersonate a user is its caller’s, with the headers, if the app opts in',
    async test(bench) {
      const middlewares = [authentication(undefined, { impersonationHeaders: 'pass' })]
      await bench.with({ middlewares }, async ({ send, reached }) => {
        assert.equal((await send({ headers: [...bearer('good'), ...SUPERMAN] })).body, 'jane')
        assert.deepEqual(impersonating(reached[0]?.headers), ['impersonate-user'])
      })
    },
  },
  {
    name: 'names with _ in the place of - never reach the app',
    async test(bench) {
      const middlewares = [authentication(undefined, { impersonationHeaders: 'pass' })]
      await bench.with({ middlewares }, async ({ send, reached }) => {
        assert.equal((await send({ headers: [...bearer('good'), ...TWINS] })).status, 200)
        assert.deepEqual(impersonating(reached[0]?.headers), [])
      })
    },
  },
  {
    name: 'a request that may impersonate is the other user’s, of its caller, and without the headers',
    kinds: ['impersonation'],
    async test(bench) {
      await bench.with({ middlewares: [authentication(), impersonation()] }, async ({ send, reached }) => {
        const headers = [...bearer('good'), ...SUPERMAN, ...TWINS]
        assert.equal((await send({ headers })).body, 'superman')
        assert.equal(reached[0]?.requester?.username, 'jane')
        assert.deepEqual(impersonating(reached[0]?.headers), [])
        assert.equal((await send({ headers: bearer('good') })).body, 'jane')
        assert.equal(reached[1]?.requester, undefined)
      })
    },
  },
  {
    name: 'an empty impersonation header and later ones are ignored, and hidden from the app',
    kinds: ['impersonation'],
    protocols: ['http1', 'http2'],
    async test(bench) {
      await bench.with({ middlewares: [authentication(), impersonation()] }, async ({ send, reached }) => {
        const headers = [...bearer('good'), ['Impersonate-User', ''], ...SUPERMAN] as const
        assert.equal((await send({ headers })).body, 'jane')
        assert.deepEqual(impersonating(reached[0]?.headers), [])
      })
    },
  },
  {
    name: 'a request that may not impersonate is a 403, and has no user where that is passed on',
    kinds: ['impersonation'],
    async test(bench) {
      const headers = [...bearer('good'), ['Impersonate-User', 'root']] as const
      await bench.with({ middlewares: [authentication(), impersonation()] }, async ({ send, reached }) => {
        assert.equal((await send({ headers })).status, 403)
        assert.equal(reached.length, 0)
      })
      const passing = [authentication(), impersonation(true)]
      await bench.with({ middlewares: passing }, async ({ send, reached }) => {
        await send({ headers })
        assert.equal(reached[0]?.user, undefined)
        assert.deepEqual(impersonating(reached[0]?.headers), [])
      })
    },
  },
  {
    name: 'what was granted or refused is not undone by another authentication',
    kinds: ['impersonation'],
    async test(bench) {
      const again = authentication(alwaysUser({ ...jane, username: 'joe' }))
      for (const before of [[authentication(), impersonation()], [authentication(undefined, {}, true)]]) {
        await bench.with({ middlewares: [...before, again] }, async ({ send, reached }) => {
          assert.equal((await send({ headers: [...bearer('good'), ...SUPERMAN] })).status, 403)
          assert.equal(reached.length, 0)
        })
      }
    },
  },
  {
    name: 'impersonation before authentication lets no impersonation pass',
    kinds: ['impersonation'],
    async test(bench) {
      await bench.with({ middlewares: [impersonation(), authentication()] }, async ({ send, reached }) => {
        assert.equal((await send({ headers: [...bearer('good'), ...SUPERMAN] })).status, 500)
        assert.equal(reached.length, 0)
        assert.equal((await send({ headers: bearer('good') })).status, 200)
      })
    },
  },
  {
    name: 'authorization is asked about the user that the middlewares before it found',
    kinds: ['impersonation', 'authorization'],
    async test(bench) {
      const middlewares = [authentication(), impersonation(), authorization('superman')]
      await bench.with({ middlewares }, async ({ send, reached }) => {
        assert.equal((await send({ headers: [...bearer('good'), ...SUPERMAN] })).body, 'superman')
        assert.equal((await send({ headers: bearer('good') })).status, 403)
        assert.equal(reached.length, 1)
      })
    },
  },
  {
    name: 'authorization lets no request pass without a user or with an undecided impersonation',
    kinds: ['impersonation', 'authorization'],
    async test(bench) {
      const headers = [...bearer('good'), ...SUPERMAN]
      for (const [middlewares, status] of [
        [[authorization('jane'), authentication()], 500],
        [[authentication(), authorization('jane'), impersonation()], 403],
      ] as const) {
        await bench.with({ middlewares }, async ({ send, reached }) => {
          assert.equal((await send({ headers })).status, status)
          assert.equal(reached.length, 0)
        })
      }
    },
  },
]

const SUPERMAN: SentHeaders = [['Impersonate-User', 'superman']]

const ASKING: SentHeaders = [
  ...SUPERMAN,
  ['impersonate-user', ''],
  ['Impersonate-Group', 'system:masters'],
  ['Impersonate-Uid', '0'],
  ['Impersonate-Extra-Scope', 'all'],
]

const TWINS: SentHeaders = [
  ['Impersonate_User', 'root'],
  ['Impersonate-Extra_Scope', 'all'],
]

/** The names of impersonation headers that the app sees, in any spelling. */
function impersonating(headers: SentHeaders = []): readonly string[] {
  const names = headers.map(([name]) => name.toLowerCase())
  return [...new Set(names.filter((name) => name.startsWith('impersonate')))].toSorted()
}
