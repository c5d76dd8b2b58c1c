import { describe, expect, it } from 'vitest'
import { nodeConnectionOf } from './node-connection.ts'

const once = (): undefined => undefined
const incoming = { rawHeaders: [], once }
const outgoing = { statusCode: 200, once }
const request = new Request('http://localhost/')
/** As H3 and srvx make it. */
const ofRuntime = (node: unknown): Request => Object.assign(request.clone(), { runtime: { node } })

describe('the connection of a Fetch request', () => {
  it.each([
    ['of @hono/node-server', request, [{ incoming, outgoing }]],
    ['of @hono/node-server, before that of the runtime', ofRuntime({}), [{ incoming, outgoing }, 'x']],
    ['of the runtime', ofRuntime({ req: incoming, res: outgoing }), []],
    ['of the runtime, with other arguments', ofRuntime({ req: incoming, res: outgoing }), [{}]],
  ])('is that %s', (_, given, rest) => {
    expect(nodeConnectionOf(given, rest)).toEqual({ incoming, outgoing })
  })

  it.each([
    ['nothing is given', request, []],
    ['the first argument is null', request, [null]],
    ['it is not the first argument', request, [{}, { incoming, outgoing }]],
    ['the request is missing', request, [{ outgoing }]],
    ['the response is missing', request, [{ incoming }]],
    ['the request has no events', request, [{ incoming: { rawHeaders: [] }, outgoing }]],
    ['the request has no headers', request, [{ incoming: { once }, outgoing }]],
    ['the headers are no list', request, [{ incoming: { rawHeaders: 'x', once }, outgoing }]],
    ['the response has no events', request, [{ incoming, outgoing: { statusCode: 200 } }]],
    ['the response has no status', request, [{ incoming, outgoing: { once } }]],
    ['the status is not a number', request, [{ incoming, outgoing: { statusCode: '200', once } }]],
    ['the runtime is not Node', ofRuntime(undefined), []],
    ['the runtime has a request only', ofRuntime({ req: incoming }), []],
  ])('is unknown where %s', (_, given, rest) => {
    expect(nodeConnectionOf(given, rest)).toBeUndefined()
  })
})
