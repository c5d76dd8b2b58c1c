import type { NodeRequest } from '@kube-authn/core/adapter'
import { memberOf } from '@kube-authn/core/internal'
import type { ServerResponse } from 'node:http'

/** Node's request and its response. */
export interface Exchange {
  readonly message: NodeRequest
  /** The original request target, if a framework rewrote `url`. */
  readonly target: string | undefined
  /** If it can be found. */
  readonly response:
    | Pick<
        ServerResponse,
        'appendHeader' | 'destroyed' | 'once' | 'statusCode' | 'writableEnded' | 'writableFinished'
      >
    | undefined
}

/**
 * Finds Node's request behind the request that Passport passes to a strategy. In Express it is the same object. koa-passport passes a mock without
 * `rawHeaders` that refers to Node's. Any other object with `headers`, for example in a test, is used as it is.
 */
export function exchangeOf(req: object): Exchange {
  const message = messageOf(req) ?? withRawHeaders(req)
  const target = memberOf(req, 'originalUrl')
  const response = [memberOf(req, 'res'), memberOf(memberOf(req, 'ctx'), 'res')].find(isResponse)
  return { message, target: typeof target === 'string' ? target : undefined, response }
}

/** Node's request behind a framework's request or a Koa context; `undefined` if there is none. */
export function messageOf(req: object): NodeRequest | undefined {
  return [req, memberOf(req, 'req'), memberOf(memberOf(req, 'ctx'), 'req')].find(isMessage)
}

/** The HTTP/2 session of a message, to close its connection: the stream loses it once everything is sent. */
export function connectionOf({ stream }: NodeRequest): object {
  return { stream: { session: memberOf(stream, 'session') } }
}

function isMessage(value: unknown): value is NodeRequest {
  return Array.isArray(memberOf(value, 'rawHeaders')) && typeof memberOf(value, 'headers') === 'object'
}

function isResponse(value: unknown): value is NonNullable<Exchange['response']> {
  return (
    typeof memberOf(value, 'appendHeader') === 'function' && typeof memberOf(value, 'once') === 'function'
  )
}

function withRawHeaders(req: object): NodeRequest {
  const headers = memberOf(req, 'headers')
  if (typeof headers !== 'object' || headers === null)
    throw new TypeError('must be a request: it has no headers')
  const rawHeaders = Object.entries(headers).flatMap(([name, values]: [string, unknown]) =>
    [values].flat().flatMap((value) => (typeof value === 'string' ? [name, value] : [])),
  )
  const method = memberOf(req, 'method')
  const url = memberOf(req, 'url')
  return {
    method: typeof method === 'string' ? method : undefined,
    url: typeof url === 'string' ? url : undefined,
    rawHeaders,
    headers: headers as NodeRequest['headers'],
    httpVersionMajor: 1,
    socket: memberOf(req, 'socket'),
  }
}
