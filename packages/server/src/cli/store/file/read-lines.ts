import { Failure } from '../../failure.ts'

/** A line of a file. */
export interface Line {
  /** From 1. */
  readonly number: number
  /** Without its end. */
  readonly text: string
  /** With it. */
  readonly bytes: Uint8Array
}

const NEWLINE = 0x0a

/**
 * The lines of a file in UTF-8, of which only one is in memory at a time.
 *
 * @param name that of the file, for messages.
 * @throws {Failure} if a line is longer than `maxBytes`, has no end, or is not UTF-8.
 */
export async function* readLines(
  name: string,
  chunks: AsyncIterable<Uint8Array>,
  maxBytes: number,
): AsyncGenerator<Line, void> {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  let number = 1
  let parts: Uint8Array[] = []
  let length = 0

  const add = (part: Uint8Array): void => {
    parts.push(part)
    length += part.length
    if (length > maxBytes) throw new Failure(`${name}: line ${number} has more than ${maxBytes} bytes`)
  }
  const take = (): Line => {
    const bytes = Buffer.concat(parts)
    const line = { number, text: decoded(bytes.subarray(0, -1)), bytes }
    parts = []
    length = 0
    number++
    return line
  }
  const decoded = (bytes: Uint8Array): string => {
    try {
      return decoder.decode(bytes)
    } catch (error) {
      throw new Failure(`${name}: line ${number} is not UTF-8`, { cause: error })
    }
  }

  for await (const chunk of chunks) {
    let start = 0
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      add(chunk.subarray(start, end + 1))
      start = end + 1
      yield take()
    }
    if (start < chunk.length) add(chunk.subarray(start))
  }
  if (parts.length > 0) throw new Failure(`${name}: is truncated in line ${number}`)
}
