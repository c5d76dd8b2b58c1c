/** What of a `ReadableStream` of bytes is used. */
export interface ByteStream {
  getReader(): {
    read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>
    cancel(): Promise<void>
  }
}

/** There is more than may be. */
export class TooLong extends Error {}

/**
 * The text that a stream of UTF-8 is, of at most so many bytes. The rest is not read.
 *
 * @throws {TooLong} when it is longer.
 * @throws {TypeError} when it is not UTF-8, and whatever the stream throws.
 */
export async function limitedText(stream: ByteStream | null, maxBytes: number): Promise<string> {
  const reader = stream?.getReader()
  if (reader === undefined) return ''
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let text = ''
  let length = 0
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return text + decoder.decode()
    if (value === undefined) continue
    length += value.byteLength
    if (length > maxBytes) {
      reader.cancel().catch(() => undefined)
      throw new TooLong()
    }
    text += decoder.decode(value, { stream: true })
  }
}
