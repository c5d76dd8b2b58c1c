/** Each line of a stream, parsed. @throws {SyntaxError} if one is not JSON. */
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
        if (whole !== '') yield JSON.parse(whole)
      }
      // A line of megabytes comes in many chunks.
      if (rest !== '') parts.push(rest)
    }
  } finally {
    reader.cancel().catch(() => undefined)
  }
}
