import type { Response as UndiciResponse } from 'undici/index.js'

/** Called at the end of a response. */
export type OnEnd = () => void

/**
 * Limits the body of a response to `maxBytes`, counted after decompression.
 *
 * @param onEnd called once, at the end of the body.
 * @throws {Error} if `Content-Length` is larger.
 */
export function limitedResponse(response: UndiciResponse, maxBytes: number, onEnd: OnEnd): Response {
  const { status, statusText, body } = response
  const init = { status, statusText, headers: [...response.headers] }
  if (body === null) {
    onEnd()
    return new Response(null, init)
  }
  if (Number(response.headers.get('content-length') ?? 0) > maxBytes) {
    body.cancel().catch(() => undefined)
    throw tooLong(maxBytes)
  }
  return new Response(limitedStream(body.getReader(), maxBytes, onEnd), init)
}

/** The used part of undici's stream reader. */
interface BodyReader {
  read(): Promise<{ readonly done: boolean; readonly value?: unknown }>
  cancel(reason?: unknown): Promise<void>
}

function limitedStream(
  reader: BodyReader,
  maxBytes: number,
  onEnd: OnEnd,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  let length = 0
  return new ReadableStream<Uint8Array<ArrayBuffer>>({
    async pull(controller) {
      try {
        const { done, value } = await reader.read()
        if (done) {
          onEnd()
          controller.close()
        } else if (value instanceof Uint8Array) {
          length += value.byteLength
          if (length > maxBytes) throw tooLong(maxBytes)
          controller.enqueue(new Uint8Array(value))
        }
      } catch (error) {
        onEnd()
        reader.cancel().catch(() => undefined)
        throw error
      }
    },
    async cancel(reason) {
      onEnd()
      await reader.cancel(reason)
    },
  })
}

function tooLong(maxBytes: number): Error {
  return new Error(`the response is longer than ${maxBytes} bytes`)
}
