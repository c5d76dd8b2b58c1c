import type { HttpAnswer } from '@kube-authn/core/adapter'

/** What is used of a response of `node:http`, `node:https` or `node:http2`. */
export interface NodeResponse {
  statusCode: number
  readonly headersSent: boolean
  /** `node:http2` has none. */
  readonly destroyed?: boolean
  /** Only of `node:http2`. */
  readonly stream?: { readonly destroyed: boolean }
  getHeader(name: string): unknown
  hasHeader(name: string): boolean
  setHeader(name: string, value: number | string | readonly string[]): unknown
  /** `node:http2` has it too. */
  flushHeaders?(): void
  write(chunk: Uint8Array): boolean
  end(): unknown
  end(content: string): unknown
  destroy(error?: Error): unknown
  once(event: 'close' | 'drain' | 'finish', listener: () => void): unknown
  off(event: 'close' | 'drain' | 'finish', listener: () => void): unknown
}

/**
 * Sends an answer. Headers that are set already stay, and warnings are added to those. A stream flows at the pace of the client, and is cancelled if the
 * client disconnects.
 *
 * @param isHead whether the client wants no body.
 */
export async function writeAnswer(
  answer: HttpAnswer | Response,
  response: NodeResponse,
  isHead: boolean,
): Promise<void> {
  if (response.headersSent || isGone(response)) {
    if (answer instanceof Response) await answer.body?.cancel()
    return
  }
  response.statusCode = answer.status
  const headers = answer instanceof Response ? answer.headers : Object.entries(answer.headers)
  for (const [name, value] of headers) {
    if (name === 'warning') addWarnings(response, value)
    else response.setHeader(name, value)
  }
  if (!(answer instanceof Response)) {
    response.setHeader('content-length', Buffer.byteLength(answer.content))
    if (isHead) response.end()
    else await sendContent(answer.content, response)
    return
  }
  if (answer.body === null || isHead) {
    await answer.body?.cancel()
    response.end()
    return
  }
  // A watch may have nothing to send for a long time.
  response.flushHeaders?.()
  await flow(answer.body, response)
}

/** Ends a connection, or its stream, so that half an answer does not look complete. */
export function cutOff(response: NodeResponse): void {
  if (response.stream === undefined) response.destroy()
  // Without an error it would be a reset with the code NO_ERROR, which some clients take for an end.
  else response.destroy(new Error('the answer is incomplete'))
}

function isGone({ destroyed, stream }: NodeResponse): boolean {
  return destroyed === true || stream?.destroyed === true
}

/** Less than any buffer of a connection that Node takes for full. */
const SMALL_BYTES = 8192
const LAST_BYTES = 1024

/**
 * Sends the end of a long answer only when the rest has left the buffers. A client that has the whole answer may send its next request at once; while the buffer of a TLS
 * connection is full, Node would pause its parser then, and reset the connection with `HPE_PAUSED` if the request has a body. Seen with Node.js 20.20.2.
 */
async function sendContent(content: string, response: NodeResponse): Promise<void> {
  const bytes = Buffer.from(content)
  if (bytes.length <= SMALL_BYTES) {
    response.end(content)
    return
  }
  if (!response.write(bytes.subarray(0, -LAST_BYTES))) await drained(response)
  if (isGone(response)) return
  response.write(bytes.subarray(-LAST_BYTES))
  response.end()
}

function addWarnings(response: NodeResponse, values: string | readonly string[]): void {
  const present = response.getHeader('warning') ?? []
  response.setHeader('warning', [...[present].flat().map(String), ...[values].flat()])
}

async function flow(body: ReadableStream<Uint8Array>, response: NodeResponse): Promise<void> {
  const reader = body.getReader()
  const cancel = (): void => void reader.cancel().catch(ignore)
  response.once('close', cancel)
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) break
      if (!response.write(value)) await drained(response)
    }
    response.end()
  } catch {
    cutOff(response)
  } finally {
    response.off('close', cancel)
  }
}

function drained(response: NodeResponse): Promise<void> {
  if (isGone(response)) return Promise.resolve()
  return new Promise((resolve) => {
    const done = (): void => {
      response.off('drain', done)
      response.off('close', done)
      resolve()
    }
    response.once('drain', done)
    response.once('close', done)
  })
}

function ignore(): void {}
