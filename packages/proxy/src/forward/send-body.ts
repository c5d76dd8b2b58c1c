import type { ClientRequest } from 'node:http'
import type { Readable } from 'node:stream'
import type { Body } from '../body.ts'
import { requestTrailers } from '../headers/request-headers.ts'
import type { NodeMessage } from '../node-types.ts'

const NOTHING = (): void => {}

/** Sends the body of a request at the pace of the upstream, and its trailers. @returns a function that stops. */
export function sendBody(
  message: NodeMessage,
  request: ClientRequest,
  body: Body,
  isIdentity: (name: string) => boolean,
): () => void {
  if (body.kind === 'none') {
    request.end()
    return NOTHING
  }
  const source: Readable = message
  const onEnd = (): void => {
    const trailers = body.kind === 'chunked' ? requestTrailers(message.rawTrailers, isIdentity) : []
    if (trailers.length > 0)
      request.addTrailers(trailers.map(([name, value]): [string, string] => [name, value]))
    request.end()
  }
  // The length of the first part is unknown, and so is when it comes.
  if (body.kind === 'chunked') request.flushHeaders()
  if (source.readableEnded) onEnd()
  else {
    source.once('end', onEnd)
    source.pipe(request, { end: false })
  }
  return () => {
    source.off('end', onEnd)
    source.unpipe(request)
    // What the client still sends is discarded, so that it reads the response.
    source.resume()
  }
}
