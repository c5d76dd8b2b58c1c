import type { HttpAnswer } from '@kube-authn/core/adapter'
import type { NodeMessage, NodeResponse } from '../node-types.ts'

/** Answers a request that is not forwarded, or ends a response that has begun. */
export function answer(answerOf: HttpAnswer, message: NodeMessage, response: NodeResponse): void {
  if (response.writableEnded || response.destroyed) return
  if (response.headersSent) {
    cutOff(message, response)
    return
  }
  const { status, headers, content } = answerOf
  response.statusCode = status
  for (const [name, value] of Object.entries(headers)) {
    // A session that was just renewed has set its cookies.
    if (name !== 'set-cookie') response.setHeader(name, value)
    else for (const line of [value].flat()) response.appendHeader(name, line)
  }
  response.setHeader('content-length', Buffer.byteLength(content))
  // The rest of the request is not read.
  if (message.httpVersionMajor < 2 && !message.complete) response.setHeader('connection', 'close')
  if (message.method === 'HEAD') response.end()
  else response.end(content)
}

/** Ends a response so that what was sent does not look complete. */
export function cutOff(message: NodeMessage, response: NodeResponse): void {
  // 2 is INTERNAL_ERROR (RFC 9113 section 7).
  if ('stream' in message) message.stream.close(2)
  else response.destroy()
}
