import { createServer } from 'node:http'
import { once } from 'node:events'
import type { HttpAnswer } from '@kube-authn/core/adapter'
import { shutdown } from '@kube-authn/node/internal'
import { fixedClock } from '@kube-authn/testing'
import { describe, expect, it, onTestFinished } from 'vitest'
import { forwardListener } from './forward-listener.ts'

const OK: HttpAnswer = { status: 200, headers: {}, content: '' }

/** A server whose decisions wait until the test makes them. */
async function started(limits: { readonly maxRequestsInFlight?: number } = {}) {
  const clock = fixedClock(0)
  const pending: {
    readonly signal: AbortSignal | undefined
    readonly decide: (answer: HttpAnswer) => void
  }[] = []
  const life = shutdown({ delaySeconds: 0, graceSeconds: 60, clock })
  const listener = forwardListener({
    path: '/authenticate',
    decide: (_, { signal } = {}) =>
      new Promise((decide) => {
        pending.push({ signal, decide })
      }),
    api: (_, res) => void res.end('api'),
    maxRequestsInFlight: 2,
    requestTimeoutSeconds: 60,
    life,
    clock,
    ...limits,
  })
  const server = createServer(listener).listen(0, '127.0.0.1')
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const waitFor = async (count: number): Promise<void> => {
    while (pending.length < count) await new Promise((resolve) => setImmediate(resolve))
  }
  return {
    clock,
    close: life.close,
    pending,
    waitFor,
    get: (path = '/authenticate') => fetch(`http://127.0.0.1:${port}${path}`),
  }
}

describe('the listener of forward authentication', () => {
  it.each(['/', '/authenticated', '/api/authenticate'])('leaves %s to the API', async (path) => {
    const { get } = await started()
    expect(await (await get(path)).text()).toBe('api')
  })

  it('answers 429 to more requests at a time than the limit, and takes others again once one is over', async () => {
    const { get, pending, waitFor } = await started()
    const first = get()
    const second = get('/authenticate/x')
    await waitFor(2)
    const third = await get()
    expect([third.status, third.headers.get('retry-after')]).toEqual([429, '1'])
    expect(await (await get('/')).text()).toBe('api')
    pending[0]?.decide(OK)
    expect((await first).status).toBe(200)
    const fourth = get()
    await waitFor(3)
    for (const each of pending) each.decide(OK)
    expect([(await second).status, (await fourth).status]).toEqual([200, 200])
  })

  it('has no limit with 0', async () => {
    const { get, pending, waitFor } = await started({ maxRequestsInFlight: 0 })
    const all = Array.from({ length: 10 }, () => get())
    await waitFor(10)
    for (const each of pending) each.decide(OK)
    expect((await Promise.all(all)).map(({ status }) => status)).toEqual(all.map(() => 200))
  })

  it('answers 504 after the timeout, aborts what it waits for, and ignores a late answer', async () => {
    const { clock, get, pending, waitFor } = await started()
    const answer = get()
    await waitFor(1)
    clock.advance(59_999)
    expect(pending[0]?.signal?.aborted).toBe(false)
    clock.advance(1)
    expect((await answer).status).toBe(504)
    expect(pending[0]?.signal?.aborted).toBe(true)
    pending[0]?.decide(OK)
    const next = get()
    await waitFor(2)
    pending[1]?.decide(OK)
    expect((await next).status).toBe(200)
  })

  it('completes what is running at a shutdown, and refuses the rest with 503', async () => {
    const { close, get, pending, waitFor } = await started()
    const running = get()
    await waitFor(1)
    let isClosed = false
    const closing = close().then(() => void (isClosed = true))
    await new Promise((resolve) => setImmediate(resolve))
    const refused = await get()
    expect([refused.status, refused.headers.get('connection')]).toEqual([503, 'close'])
    expect(isClosed).toBe(false)
    pending[0]?.decide(OK)
    expect((await running).status).toBe(200)
    await closing
  })
})
