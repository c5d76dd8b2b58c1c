import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'

/** A listener of a Node server for a Fetch API handler. If the handler rejects, the connection is closed. */
export function nodeListener(handle: (request: Request) => Promise<Response>): RequestListener {
  return (message, response) => {
    answer(handle, message, response).catch(() => message.socket.destroy())
  }
}

async function answer(
  handle: (request: Request) => Promise<Response>,
  message: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const gone = new AbortController()
  response.once('close', () => gone.abort())
  const { status, headers, body } = await handle(await requestOf(message, gone.signal))
  const content = body === null ? undefined : new Uint8Array(await new Response(body).arrayBuffer())
  response.writeHead(status, [...headers].flat())
  response.end(content)
}

async function requestOf(message: IncomingMessage, signal: AbortSignal): Promise<Request> {
  const { method = 'GET', url = '/', headersDistinct } = message
  const headers = new Headers()
  for (const [name, values = []] of Object.entries(headersDistinct)) {
    for (const value of values) headers.append(name, value)
  }
  const body = method === 'GET' || method === 'HEAD' ? null : await bytesOf(message)
  return new Request(new URL(url, `https://${message.headers.host ?? 'localhost'}`), {
    method,
    headers,
    body,
    signal,
  })
}

async function bytesOf(message: IncomingMessage): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array[] = []
  for await (const part of message) parts.push(part as Uint8Array)
  return new Uint8Array(Buffer.concat(parts))
}
