import { internalFailure } from '../internal/status-errors.ts'

/**
 * Reads the body of a request, once. Resolves to `undefined` as soon as it is longer than `maxBytes`; rejects if the body breaks off.
 *
 * @throws {StatusError} 500 when the body has already been read.
 */
export type ReadBody = (maxBytes: number) => Promise<Uint8Array | undefined>

/**
 * Reads the body of a Fetch API `Request`. Nothing beyond the limit is read.
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
      // Cancelling the rest would close the connection before the answer is sent on some runtimes.
      reader.releaseLock()
    }
  }
}

/** 500: the body has already been consumed. */
export function bodyWasRead(): Error {
  return internalFailure('the body of the request has already been read: run body parsers after this handler')
}

/** The part of a body received so far. */
export interface Received {
  /** Returns `false` if the chunk exceeds the limit. */
  add(chunk: Uint8Array): boolean
  all(): Uint8Array
}

/** Collects a body of at most `maxBytes`. */
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
