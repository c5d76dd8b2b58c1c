import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { type Authenticator, userInfo } from '@kube-authn/core'
import { isUnauthenticated, systemClock } from '@kube-authn/core/internal'
import { fakeAuthenticator } from '../../fake-authenticators.ts'
import { createPki } from '../../pki/pki.ts'
import { type RecordedEvents, recordEvents } from '../../record-events.ts'
import { authentication, bearer, alwaysUser, jane, type Rule, slowly, tokens } from './plan.ts'

/** Connections, and the events of observers. */
export const connectionRules: readonly Rule[] = [
  {
    name: 'an observer gets the status of every response once, with the request of its earlier event',
    async test(bench) {
      const observed = recordEvents()
      const middlewares = [authentication(slowly(tokens), { observer: observed.observer })]
      await bench.with({ middlewares }, async ({ send }) => {
        await send({ headers: bearer('good') })
        await responses(observed, 1)
        await send({ headers: bearer('bad') })
        await responses(observed, 2)
        await send({ headers: [...bearer('good'), ['Impersonate-User', 'superman']] })
        await responses(observed, 3)
      })
      assert.deepEqual(
        observed.ofType('response').map(({ status }) => status),
        [200, 401, 403],
      )
      assert.deepEqual(
        observed.ofType('response').map(({ request }) => request),
        observed.ofType('request').map(({ request }) => request),
      )
    },
  },
  {
    name: 'an observer gets one event of a request whose client disconnects',
    protocols: ['http1', 'http2'],
    async test(bench) {
      const observed = recordEvents()
      const gone = new AbortController()
      let goOn: (() => void) | undefined
      const waiting = fakeAuthenticator(async () => {
        gone.abort()
        await new Promise<void>((resolve) => {
          goOn = resolve
        })
        return { user: jane }
      })
      const middlewares = [authentication(waiting, { observer: observed.observer })]
      await bench.with({ middlewares }, async ({ send }) => {
        await assert.rejects(send({ signal: gone.signal }))
        // The disconnect may be noticed before or after the decision; the event follows the decision.
        await aWhile()
        goOn?.()
        await responses(observed, 1)
        await aWhile()
      })
      assert.equal(observed.ofType('response').length, 1)
    },
  },
  {
    name: 'an observer gets one event of each request on a broken connection, also of one that waits for another',
    protocols: ['http1'],
    async test(bench) {
      const observed = recordEvents()
      const middlewares = [authentication(alwaysUser(jane), { observer: observed.observer })]
      const handle = () => new Promise<never>(() => undefined)
      await bench.with({ middlewares, handle }, async ({ port, reached }) => {
        const socket = connect(port, '127.0.0.1')
        socket.on('error', () => undefined)
        socket.write('GET /slow HTTP/1.1\r\nHost: a\r\n\r\nGET /queued HTTP/1.1\r\nHost: a\r\n\r\n')
        await until(() => reached.length >= 2, 'the app was not reached')
        socket.destroy()
        await responses(observed, 2)
        await aWhile()
      })
      assert.deepEqual(
        observed.ofType('response').map(({ status }) => status),
        [499, 499],
      )
    },
  },
  {
    name: 'the signal of a context is aborted when the client disconnects, and only then',
    protocols: ['http1', 'http2'],
    async test(bench) {
      const gone = new AbortController()
      const signals: AbortSignal[] = []
      const authenticator: Authenticator = {
        name: 'waiting',
        async authenticate(request, { signal }) {
          assert.ok(signal !== undefined)
          signals.push(signal)
          if (request.headers.first('x-wait') === undefined) return { user: jane }
          setImmediate(() => gone.abort())
          await new Promise((resolve) => signal.addEventListener('abort', resolve))
          return undefined
        },
      }
      await bench.with({ middlewares: [authentication(authenticator)] }, async ({ send }) => {
        assert.equal((await send()).status, 200)
        await assert.rejects(send({ headers: [['X-Wait', '']], signal: gone.signal }))
        await until(() => signals[1]?.aborted === true, 'the signal was not aborted')
        assert.equal(signals[0]?.aborted, false)
      })
    },
  },
  {
    name: 'an HTTP/2 connection ends with a request of an unauthenticated client, and with no other',
    protocols: ['http2'],
    async test(bench) {
      const anonymous = userInfo({ username: 'system:anonymous', groups: ['system:unauthenticated'] })
      assert.ok(isUnauthenticated(anonymous))
      for (const [authenticator, status] of [
        [tokens, 401],
        [alwaysUser(anonymous), 200],
      ] as const) {
        await bench.with({ middlewares: [authentication(authenticator)] }, async ({ send, session }) => {
          const ended = once(session(), 'goaway')
          assert.equal((await send()).status, status)
          await ended
        })
      }
      for (const options of [{}, { closeUnauthenticatedHttp2: false }]) {
        const headers = bearer('closeUnauthenticatedHttp2' in options ? 'bad' : 'good')
        await bench.with({ middlewares: [authentication(tokens, options)] }, async ({ send, session }) => {
          const first = session()
          for (let count = 0; count < 3; count++) await send({ headers })
          assert.equal(session(), first, 'it was another connection')
        })
      }
    },
  },
  {
    name: 'an authenticator sees the certificates that the peer presented, and none of a peer without',
    protocols: ['http1', 'http2'],
    async test(bench) {
      const pki = await createPki()
      const client = await pki.issueClient({ commonName: 'jane' })
      const seen: string[] = []
      const certificates = fakeAuthenticator((request) => {
        const [leaf] = request.peerCertificates?.() ?? []
        seen.push(leaf === undefined ? 'none' : Buffer.from(leaf).toString('base64'))
        return leaf && { user: jane }
      })
      const expected = Buffer.from(client.chainDer[0] ?? []).toString('base64')
      for (const [tls, status, leaf] of [
        [{ pki, client }, 200, expected],
        [{ pki }, 401, 'none'],
        [undefined, 401, 'none'],
      ] as const) {
        const middlewares = [authentication(certificates)]
        await bench.with({ middlewares, ...(tls !== undefined && { tls }) }, async ({ send }) => {
          assert.equal((await send()).status, status)
          assert.equal(seen.at(-1), leaf)
        })
      }
    },
  },
]

function aWhile(): Promise<void> {
  return new Promise((resolve) => void systemClock.after(10, resolve))
}

/** Waits for this many response events: a client may have its response before the server knows that it ended. */
async function responses(observed: RecordedEvents, count: number): Promise<void> {
  const isOver = (): boolean => observed.ofType('response').length >= count
  await until(isOver, `an observer did not get ${count} response events`)
}

async function until(isOver: () => boolean, problem: string): Promise<void> {
  for (let patience = 0; !isOver(); patience++) {
    assert.ok(patience < 500, problem)
    await aWhile()
  }
}
