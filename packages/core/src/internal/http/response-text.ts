import type { HttpResponse } from './response.ts'

/** The body exceeds the size limit. */
export class BodyTooLongError extends Error {
  override readonly name = 'BodyTooLongError'

  constructor(maxBytes: number) {
    super(`longer than ${maxBytes} bytes`)
  }
}

/**
 * The body of a response or request as text. By default invalid UTF-8 becomes U+FFFD, as in Go.
 *
 * @throws {BodyTooLongError} as soon as the limit is exceeded; the rest is not read. Errors of reading and decoding pass through.
 */
export async function textOf(
  { body }: Pick<HttpResponse, 'body'>,
  maxBytes: number,
  decoder: InstanceType<typeof TextDecoder> = new TextDecoder(),
): Promise<string> {
  const reader = body?.getReader()
  if (reader === undefined) return ''
  let text = ''
  let length = 0
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return text + decoder.decode()
    if (value === undefined) continue
    length += value.byteLength
    if (length > maxBytes) {
      reader.cancel().catch(() => undefined)
      throw new BodyTooLongError(maxBytes)
    }
    text += decoder.decode(value, { stream: true })
  }
}
