import { EventEmitter } from 'node:events'
import { type Context, Hono } from 'hono'
import { describe, expect, it } from 'vitest'
import { clientOf, executionContextOf, nodeRequestOf, untouchedByApp } from './client.ts'

/** Creates requests like a copy of `@hono/node-server`, with unique symbols. */
function copyOfNodeServer(headersOf: () => unknown = () => new Headers()): () => Request {
  const incomingKey = Symbol('incomingKey')
  const headersKey = Symbol('headersKey')
  const prototype = {
    get headers(): unknown {
      const made: unknown = Reflect.get(this, headersKey) ?? headersOf()
      Reflect.set(this, headersKey, made)
      return made
    },
  }
  return () => {
    const request = Object.create(prototype) as Request
    Reflect.set(request, incomingKey, {})
    return request
  }
}

describe('whether the headers of a request were read', () => {
  it.each([
    ['one copy', copyOfNodeServer()],
    ['another copy', copyOfNodeServer()],
    [
      'one that makes its headers in another way',
      copyOfNodeServer(() => {
        throw new Error('no socket')
      }),
    ],
    ['one whose headers are none', copyOfNodeServer(() => ({}))],
  ])('is told of each request of %s', (_, newRequest) => {
    for (let count = 0; count < 6; count++) {
      const request = newRequest()
      expect(untouchedByApp(request)).toBe(true)
      expect(untouchedByApp(request)).toBe(true)
      try {
        void request.headers
      } catch {
        continue
      }
      expect(untouchedByApp(request)).toBe(false)
      expect(untouchedByApp(newRequest())).toBe(true)
    }
  })

  it('counts as read where the request is another one', () => {
    expect(untouchedByApp(new Request('http://localhost/'))).toBe(false)
  })
})

describe('the request of Node behind a context', () => {
  const contextIn = async (env: unknown): Promise<Context> => {
    let found: Context | undefined
    const app = new Hono().get('/', (c) => {
      found = c
      return c.body(null)
    })
    await app.request('/', {}, env)
    if (found === undefined) throw new Error('the handler was not called')
    return found
  }
  const incoming = Object.assign(new EventEmitter(), { rawHeaders: [] })
  const outgoing = Object.assign(new EventEmitter(), { statusCode: 200 })

  it.each([
    undefined,
    null,
    'env',
    {},
    { incoming: undefined },
    { incoming: null },
    { incoming: 'x' },
    { incoming: {} },
    { incoming: { rawHeaders: 'x' }, outgoing },
    { outgoing },
  ])('is none with the environment %j', async (env) => {
    const c = await contextIn(env)
    expect(nodeRequestOf(c)).toBeUndefined()
    expect(clientOf(c).signal).toBe(c.req.raw.signal)
  })

  it.each([
    undefined,
    null,
    'x',
    {},
    { statusCode: 200 },
    { statusCode: 200, once: true },
    { once: () => undefined },
  ])('has no client of its own with the response %j', async (response) => {
    const c = await contextIn({ incoming, outgoing: response })
    expect(nodeRequestOf(c)).toBe(incoming)
    expect(clientOf(c, { user: 'jane' })).toMatchObject({ signal: c.req.raw.signal, user: 'jane' })
  })

  it('has a client with both', async () => {
    const c = await contextIn({ incoming, outgoing })
    const client = clientOf(c, { user: 'jane' })
    expect(client.user).toBe('jane')
    expect(client.signal).not.toBe(c.req.raw.signal)
    expect(client.signal.aborted).toBe(false)
  })

  it('has no execution context of Workers', async () => {
    expect(executionContextOf(await contextIn({}))).toBeUndefined()
  })
})
