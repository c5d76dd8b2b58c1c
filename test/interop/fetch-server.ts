import { createServer, type Server } from 'node:https'
import { Readable } from 'node:stream'

/** A handler of Fetch requests behind TLS. */
export async function listenForFetch(
  credential: { readonly cert: string; readonly key: string },
  handler: (request: Request) => Promise<Response>,
): Promise<Server> {
  const server = createServer(credential, (received, sent) => {
    const gone = new AbortController()
    sent.on('close', () => gone.abort())
    const headers = new Headers()
    for (const [name, values = []] of Object.entries(received.headersDistinct)) {
      for (const value of values) headers.append(name, value)
    }
    const { method = 'GET', url = '/' } = received
    const hasBody = method !== 'GET' && method !== 'HEAD'
    const init = { method, headers, signal: gone.signal }
    const body = hasBody ? { body: Readable.toWeb(received) as ReadableStream, duplex: 'half' } : {}
    void handler(new Request(`https://127.0.0.1${url}`, { ...init, ...body })).then(async (response) => {
      sent.writeHead(response.status, Object.fromEntries(response.headers))
      for await (const chunk of response.body ?? []) sent.write(chunk)
      sent.end()
    })
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  return server
}
