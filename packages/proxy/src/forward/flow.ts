import type { Readable } from 'node:stream'
import type { NodeResponse } from '../node-types.ts'

/** Less than any buffer of a connection that Node takes for full. */
const SMALL_BYTES = 8192
const LAST_BYTES = 1024

/**
 * Sends a body at the pace of its reader.
 *
 * The end of a body of known length is sent only when the rest has left the buffers, as is the end of every other body: a client that has the whole response may send its next request at
 * once, and while the buffer of a TLS connection is full, Node would pause its parser then, and reset the connection. Seen with Node.js 20.20.2.
 *
 * @param length the length of the body, if it is known.
 */
export function flow(
  from: Readable,
  to: NodeResponse,
  length: number | undefined,
  { onRead, onEnd }: FlowEvents,
): void {
  let left = length ?? Infinity
  let isFull = false
  let isListening = false
  let last: Buffer | undefined
  let isRead = false

  const write = (chunk: Buffer): void => {
    if (to.writableEnded) return
    isFull = !to.write(chunk)
    if (!isFull) return
    from.pause()
    // Most bodies fill no buffer.
    if (!isListening) to.on('drain', proceed)
    isListening = true
  }
  const end = (): void => {
    if (isFull || !isRead || last !== undefined || to.writableEnded) return
    onEnd()
  }
  const proceed = (): void => {
    isFull = false
    if (last !== undefined) {
      const rest = last
      last = undefined
      write(rest)
    }
    if (!isFull) {
      from.resume()
      end()
    }
  }
  from.on('data', (chunk: Buffer) => {
    left -= chunk.length
    if (left > 0 || chunk.length <= SMALL_BYTES) {
      write(chunk)
      return
    }
    write(chunk.subarray(0, -LAST_BYTES))
    if (isFull) last = chunk.subarray(-LAST_BYTES)
    else write(chunk.subarray(-LAST_BYTES))
  })
  from.on('end', () => {
    isRead = true
    onRead()
    end()
  })
}

interface FlowEvents {
  /** All of it was read. */
  readonly onRead: () => void
  /** All of it was read, and has left the buffers. */
  readonly onEnd: () => void
}
