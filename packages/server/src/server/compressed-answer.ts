import { pipeline } from 'node:stream'
import { createGzip } from 'node:zlib'
import type { AuthenticationRequest } from '@kube-authn/core'
import { type HttpAnswer, responseOf } from '@kube-authn/core/adapter'
import { requestInfo } from '@kube-authn/core/authorization'
import { isLongRunning } from './in-flight.ts'

/** Shorter answers are not worth the time. */
const MIN_BYTES = 131_072

/**
 * An answer, compressed with gzip if it is long and the client accepts that. Watches are not: their events must not wait in a buffer.
 *
 * Source: apiserver `pkg/endpoints/handlers/responsewriters/writers.go`.
 *
 * Deviation: secrets are not compressed (`docs/deviations.md`, compression of secrets).
 */
export function compressed(
  answer: HttpAnswer | Response,
  request: AuthenticationRequest,
): HttpAnswer | Response {
  if (!acceptsGzip(request) || request.method === 'HEAD' || !isLong(answer)) return answer
  const info = requestInfo(request)
  if (isLongRunning(info) || info.resource === 'secrets') return answer
  const response = answer instanceof Response ? answer : responseOf(answer)
  const { body, status, headers } = response
  if (body === null) return response
  headers.set('content-encoding', 'gzip')
  headers.append('vary', 'Accept-Encoding')
  return new Response(gzipStream(body), { status, headers })
}

/** The name alone counts, without a `q`. */
function acceptsGzip({ headers }: AuthenticationRequest): boolean {
  const accepted = headers.first('accept-encoding') ?? ''
  return accepted.split(',').some((each) => each.trim() === 'gzip')
}

/** A stream is long: short lists are none. */
function isLong(answer: HttpAnswer | Response): boolean {
  return answer instanceof Response || Buffer.byteLength(answer.content) > MIN_BYTES
}

/** At the pace of its reader. A failure of the body is one of it, and cancelling it cancels the body. */
function gzipStream(body: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
  const gzip = createGzip({ level: 1 })
  const reader = body.getReader()
  pipeline(partsOf(reader), gzip, () => {})
  const pieces: AsyncIterator<Uint8Array> = gzip[Symbol.asyncIterator]()
  return new ReadableStream({
    async pull(controller) {
      const next = await pieces.next()
      if (next.done === true) controller.close()
      else controller.enqueue(next.value)
    },
    async cancel() {
      gzip.destroy()
      await reader.cancel()
    },
  })
}

async function* partsOf(reader: ReadableStreamDefaultReader<Uint8Array>): AsyncGenerator<Uint8Array> {
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return
    yield value
  }
}
