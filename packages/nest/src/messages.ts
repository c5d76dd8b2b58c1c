import type { IncomingMessage, ServerResponse } from 'node:http'
import type { ExecutionContext } from '@nestjs/common'

/** The request of a context as the platform shows it, and Node's messages behind it. */
export interface Messages {
  readonly shown: object
  readonly req: IncomingMessage
  readonly res: ServerResponse
}

/** @throws {Error} if the context is not one of HTTP: a mistake in the app. */
export function messagesOf(context: ExecutionContext): Messages {
  const type = context.getType<string>()
  const http = context.switchToHttp()
  const shown: unknown = http.getRequest<unknown>()
  const req = type === 'http' ? nodeRequestOf(shown) : undefined
  const res = rawOf(http.getResponse<unknown>())
  if (!isObject(shown) || req === undefined || !isNodeResponse(res))
    throw new Error(
      `the guards of @kube-authn/nest are for HTTP on Express or Fastify, and this is a context of ${type}`,
    )
  return { shown, req, res }
}

/** Node's request behind a request of Express, which it is, or of Fastify, which has it in `raw`. */
export function nodeRequestOf(shown: unknown): IncomingMessage | undefined {
  const req = rawOf(shown)
  return isNodeRequest(req) ? req : undefined
}

function rawOf(shown: unknown): unknown {
  return isObject(shown) && 'raw' in shown ? shown.raw : shown
}

/** Not by class: those of HTTP/2 and of mocks are others, with the same members. */
function isNodeRequest(req: unknown): req is IncomingMessage {
  return isObject(req) && 'rawHeaders' in req && 'httpVersionMajor' in req
}

function isNodeResponse(res: unknown): res is ServerResponse {
  return isObject(res) && 'setHeader' in res && 'statusCode' in res
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}
