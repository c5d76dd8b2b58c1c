import type { ServerResponse } from 'node:http'
import type { NodeRequest } from '@kube-authn/core/incoming-message'

/** A request as Node has it, and what belongs to it. */
export interface Exchange {
  readonly message: NodeRequest
  /** The request target as sent, where a framework rewrote `url`. */
  readonly target: string | undefined
  /** Where it can be found. */
  readonly response:
    | Pick<
        ServerResponse,
        'appendHeader' | 'destroyed' | 'once' | 'statusCode' | 'writableEnded' | 'writableFinished'
      >
    | undefined
}

/**
 * What is behind the request that Passport hands to a strategy. In Express that is Node's own request. koa-passport makes a mock
 * of it, without `rawHeaders`, that leads to Node's. Anything else with `headers`, as in a test, is taken as it is.
 */
export function exchangeOf(req: object): Exchange {
  const message = messageOf(req) ?? withRawHeaders(req)
  const target = property(req, 'originalUrl')
  const response = [property(req, 'res'), property(property(req, 'ctx'), 'res')].find(isResponse)
  return { message, target: typeof target === 'string' ? target : undefined, response }
}

/** Node's own request behind one of a framework or a context of Koa; `undefined` when there is none. */
export function messageOf(req: object): NodeRequest | undefined {
  return [req, property(req, 'req'), property(property(req, 'ctx'), 'req')].find(isMessage)
}

/** What ends the HTTP/2 connection of a message: its session, which the stream leaves as soon as all is sent. */
export function connectionOf({ stream }: NodeRequest): object {
  return { stream: { session: property(stream, 'session') } }
}

function isMessage(value: unknown): value is NodeRequest {
  return Array.isArray(property(value, 'rawHeaders')) && typeof property(value, 'headers') === 'object'
}

function isResponse(value: unknown): value is NonNullable<Exchange['response']> {
  return (
    typeof property(value, 'appendHeader') === 'function' && typeof property(value, 'once') === 'function'
  )
}

function withRawHeaders(req: object): NodeRequest {
  const headers = property(req, 'headers')
  if (typeof headers !== 'object' || headers === null)
    throw new TypeError('this is no request: it has no headers')
  const rawHeaders = Object.entries(headers).flatMap(([name, values]: [string, unknown]) =>
    [values].flat().flatMap((value) => (typeof value === 'string' ? [name, value] : [])),
  )
  const method = property(req, 'method')
  const url = property(req, 'url')
  return {
    method: typeof method === 'string' ? method : undefined,
    url: typeof url === 'string' ? url : undefined,
    rawHeaders,
    headers: headers as NodeRequest['headers'],
    httpVersionMajor: 1,
    socket: property(req, 'socket'),
  }
}

function property(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
}
