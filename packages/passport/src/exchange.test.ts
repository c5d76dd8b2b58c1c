import { describe, expect, it } from 'vitest'
import { connectionOf, exchangeOf } from './exchange.ts'

const message = { rawHeaders: [], headers: {} }
const response = { appendHeader: (): undefined => undefined, once: (): undefined => undefined }

describe("Node's request and response", () => {
  it.each([
    ['the request itself', message, undefined],
    ['those of Express', { ...message, res: response }, response],
    ['those of Koa', { req: message, res: response }, response],
    ['those of a context', { ctx: { req: message, res: response } }, response],
    ['a context that has another response', { req: message, res: {}, ctx: { res: response } }, response],
    [
      'a response that adds no headers',
      { req: message, res: { once: (): undefined => undefined } },
      undefined,
    ],
    [
      'a response that has no events',
      { req: message, res: { appendHeader: (): undefined => undefined } },
      undefined,
    ],
  ])('are found in %s', (_, req, expected) => {
    const found = exchangeOf(req)
    expect(found.message).toBe('rawHeaders' in req ? req : message)
    expect(found.response).toBe(expected)
  })

  it.each([
    ['/a', '/a'],
    [5, undefined],
    [undefined, undefined],
  ])('have the original target %j: %j', (originalUrl, expected) => {
    expect(exchangeOf({ ...message, originalUrl }).target).toBe(expected)
  })

  it.each([
    [{ method: 'GET', url: '/a' }, 'GET', '/a'],
    [{ method: 5, url: {} }, undefined, undefined],
    [{ req: { headers: {} } }, undefined, undefined],
    [{ req: { rawHeaders: [] } }, undefined, undefined],
  ])('are made of a request with headers alone: %j', (more, method, url) => {
    const headers = { a: '1', b: ['2', '3'], c: 4, d: undefined }
    const socket = {}
    const found = exchangeOf({ headers, socket, ...more })
    expect(found).toEqual({
      message: {
        method,
        url,
        rawHeaders: ['a', '1', 'b', '2', 'b', '3'],
        headers,
        httpVersionMajor: 1,
        socket,
      },
      target: undefined,
      response: undefined,
    })
    expect(found.message.socket).toBe(socket)
  })

  it.each([{}, { headers: null }, { headers: 'a' }, { req: {} }])('are not in %j', (req) => {
    expect(() => exchangeOf(req)).toThrow('must be a request: it has no headers')
  })

  it('have a connection only over HTTP/2', () => {
    const session = {}
    const stream = { session }
    expect(connectionOf({ ...message, httpVersionMajor: 2, stream })).toEqual({ stream: { session } })
    expect(connectionOf({ ...message, httpVersionMajor: 1 })).toEqual({ stream: { session: undefined } })
  })
})
