import { internalFailure } from './errors.ts'

/**
 * Reads the body of a request, once. `undefined` as soon as it is longer than so many bytes; it rejects when there is no end to come.
 *
 * @throws {StatusError} 500 when it was read before.
 */
export type ReadBody = (maxBytes: number) => Promise<Uint8Array | undefined>

/**
 * The body of a Fetch API `Request`. What is beyond the limit is never read.
 *
 * @example
 * const answer = handle(fetchRequest(request), fetchBody(request), { user })
 */
export function fetchBody(request: Pick<Request, 'body' | 'bodyUsed'>): ReadBody {
  return async (maxBytes) => {
    if (request.bodyUsed) throw bodyWasRead()
    const { body } = request
    if (body === null) return new Uint8Array()
    const reader = body.getReader()
    const received = receive(maxBytes)
    try {
      for (;;) {
        const { done, value } = await reader.read()
        if (done) return received.all()
        if (!received.add(value)) return undefined
      }
    } finally {
      // Cancelling the rest would end the connection before the answer on some runtimes.
      reader.releaseLock()
    }
  }
}

/** 500: somebody read the body and kept nothing of it. */
export function bodyWasRead(): Error {
  return internalFailure('the body of the request was read before: parse bodies after this handler')
}

/** What has come of a body so far. */
export interface Received {
  /** Whether there is still room for it. */
  add(chunk: Uint8Array): boolean
  all(): Uint8Array
}

/** Collects a body of at most so many bytes. */
export function receive(maxBytes: number): Received {
  const chunks: Uint8Array[] = []
  let length = 0
  return {
    add(chunk) {
      length += chunk.length
      if (length > maxBytes) return false
      chunks.push(chunk)
      return true
    },
    all() {
      const [only] = chunks
      if (only !== undefined && chunks.length === 1) return only
      const whole = new Uint8Array(length)
      let offset = 0
      for (const chunk of chunks) {
        whole.set(chunk, offset)
        offset += chunk.length
      }
      return whole
    },
  }
}
