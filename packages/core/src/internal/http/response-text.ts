import type { HttpResponse } from './response.ts'

/** There is more of an answer than is read. */
export class TooLong extends Error {
  constructor(maxBytes: number) {
    super(`longer than ${maxBytes} bytes`)
  }
}

/**
 * The body of a response, or of a request, as text. What is no UTF-8 becomes U+FFFD, as in Go, unless the decoder is another.
 *
 * @throws {TooLong} as soon as it is longer; the rest is not read. Whatever reading and decoding it throws.
 */
export async function textOf(
  { body }: Pick<HttpResponse, 'body'>,
  maxBytes: number,
  decoder: TextDecoder = new TextDecoder(),
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
      throw new TooLong(maxBytes)
    }
    text += decoder.decode(value, { stream: true })
  }
}
