import { clientOf, type EndListener, type NodeResponse } from './client.ts'
import type { NodeRequest } from './node-request.ts'

/**
 * Waits until a request was answered, or its client went away before it was. A request may be over before anything asks: what is
 * returned tells its status at once then. That is 499 where no client was left to take the answer.
 */
export function whenOver(message: NodeRequest, response: NodeResponse): (tell: EndListener) => void {
  const client = clientOf(message, response)
  return (tell) => client.whenOver(tell)
}
