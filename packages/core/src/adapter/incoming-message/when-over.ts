import { clientOf, type EndListener, type NodeResponse } from './client.ts'
import type { NodeRequest } from './node-request.ts'

/**
 * Returns a function that calls a listener when a request ends: with the status of the response, or with 499 if the client disconnected
 * before. If the request has already ended, the listener is called synchronously.
 */
export function whenOver(message: NodeRequest, response: NodeResponse): (tell: EndListener) => void {
  const client = clientOf(message, response)
  return (tell) => client.whenOver(tell)
}
