import assert from 'node:assert/strict'
import { fakeAuthenticator } from '../../fake-authenticators.ts'
import { authentication, bearer, jane, type Rule, tokens } from './plan.ts'
import type { SentHeaders } from './running-app.ts'

/** The headers that the app sees, and the warnings that the client sees. */
export const headerRules: readonly Rule[] = [
  {
    name: 'after a success the app sees no credential, no header of a front proxy and none that the authenticator consumed',
    async test(bench) {
      const consuming = fakeAuthenticator(() => ({
        user: jane,
        consumed: { remove: ['x-api-key'], removePrefixes: ['x-api-extra-'] },
      }))
      await bench.with({ middlewares: [authentication(consuming)] }, async ({ send, reached }) => {
        await send({
          headers: [...bearer('good'), ...IDENTITIES, ['X-Api-Key', 'k'], ['X_Api-Extra-A', 'k']],
        })
        assert.deepEqual(namesOf(reached[0]?.headers), [])
      })
    },
  },
  {
    name: 'after a refusal that is passed on there is no user, and no header of a front proxy',
    async test(bench) {
      const credentials = { schemes: [], identityHeaders: [() => ({ remove: ['x-own-user'] })] }
      const proxied = { ...tokens, credentials }
      const middlewares = [authentication(proxied, {}, true)]
      await bench.with({ middlewares }, async ({ send, reached }) => {
        for (const token of ['bad', 'none']) {
          await send({ headers: [...bearer(token), ...IDENTITIES, ['X-Own-User', 'root']] })
        }
        assert.equal(reached.length, 2)
        for (const { user, headers } of reached) {
          assert.equal(user, undefined)
          const kept = bench.leavesAnswers ? ['authorization'] : []
          assert.deepEqual(namesOf(headers), kept)
        }
      })
    },
  },
  {
    name: 'other headers stay as they were sent',
    async test(bench) {
      await bench.with({ middlewares: [authentication()] }, async ({ send, reached }) => {
        await send({ headers: [...bearer('good'), ['X-Kept', 'a'], ['X-Kept', 'b'], ['X-Remote', 'c']] })
        const values = (reached[0]?.headers ?? []).filter(([name]) => /^x-(?:kept|remote)$/i.test(name))
        const kept = new Set(values.flatMap(([, value]) => value.split(/, ?/)))
        assert.deepEqual([...kept].toSorted(), ['a', 'b', 'c'])
      })
    },
  },
  {
    name: 'a warning is on the answer of a handler, however that makes it',
    async test(bench) {
      for (const isRaw of [false, true]) {
        const handle = () => ({ body: 'done', isRaw })
        await bench.with({ middlewares: [authentication()], handle }, async ({ send }) => {
          const answer = await send({ headers: bearer('warned-good') })
          assert.deepEqual([answer.status, answer.body], [200, 'done'])
          assert.deepEqual(answer.header('warning'), [WARNING])
          assert.deepEqual((await send({ headers: bearer('good') })).header('warning'), [])
        })
      }
    },
  },
  {
    name: 'a warning is on the answer when the handler throws',
    async test(bench) {
      const handle = (): never => {
        throw Object.assign(new Error('of the app'), { status: 418, expose: false })
      }
      await bench.with({ middlewares: [authentication()], handle }, async ({ send }) => {
        const answer = await send({ headers: bearer('warned-good') })
        assert.ok(answer.status >= 400, String(answer.status))
        assert.deepEqual(answer.header('warning'), [WARNING])
        assert.deepEqual((await send({ headers: bearer('good') })).header('warning'), [])
      })
    },
  },
  {
    name: 'a warning is on a refusal',
    async test(bench) {
      await bench.with({ middlewares: [authentication()] }, async ({ send }) => {
        const answer = await send({ headers: bearer('warned-bad') })
        assert.equal(answer.status, 401)
        assert.deepEqual(answer.header('warning'), [WARNING])
      })
    },
  },
]

const WARNING = String.raw`299 - "renew \"it\""`

/** Identity headers of a front proxy, and twins that may be mistaken for them. */
const IDENTITIES: SentHeaders = [
  ['X-Remote-User', 'root'],
  ['X-Remote-Group', 'system:masters'],
  ['X-Remote-Group', 'admins'],
  ['X-Remote-Uid', '0'],
  ['X-Remote-Extra-Scope', 'all'],
  ['X_Remote_User', 'root'],
]

/** The names of identity headers, without duplicates. */
function namesOf(headers: SentHeaders = []): readonly string[] {
  const names = headers.map(([name]) => name.toLowerCase().replaceAll('_', '-'))
  const telling = /^(?:authorization|x-(?:remote|api|own)-.*|impersonate-.*)$/
  return [...new Set(names.filter((name) => telling.test(name)))].toSorted()
}
