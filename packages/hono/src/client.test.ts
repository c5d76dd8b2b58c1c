import { describe, expect, it } from 'vitest'
import { untouchedByApp } from './client.ts'

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
