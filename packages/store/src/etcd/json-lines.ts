import { EtcdFailure } from './etcd-failure.ts'

/** Each line of a stream, parsed. @throws {EtcdFailure} if one is not JSON. */
export async function* jsonLines(body: ReadableStream<Uint8Array>): AsyncGenerator<unknown, void> {
  const decoder = new TextDecoder()
  const reader = body.getReader()
  let parts: string[] = []
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      const lines = decoder.decode(value, { stream: true }).split('\n')
      const rest = lines.pop() ?? ''
      for (const line of lines) {
        const whole = [...parts, line].join('')
        parts = []
        if (whole !== '') yield parsed(whole)
      }
      // A line of megabytes comes in many chunks.
      if (rest !== '') parts.push(rest)
    }
  } finally {
    reader.cancel().catch(() => undefined)
  }
}

/** The message of the parser would have a part of the line, and so of a value. */
function parsed(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    throw new EtcdFailure('unknown', 'a message of a watch of etcd is not JSON')
  }
}
