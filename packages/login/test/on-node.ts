import { once } from 'node:events'
import { createServer, type IncomingMessage, request as requestHttp, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { onTestFinished } from 'vitest'
import type { Answering } from './browser.ts'

/** Sends what is for the app to a server on Node, which is stopped when its test is over. */
export async function onNode(listener: RequestListener): Promise<Answering> {
  const server = createServer(listener)
  onTestFinished(() => void server.close())
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    // Not by `fetch`, which sets `Sec-Fetch-Mode` itself.
    async request(url: string, init: RequestInit): Promise<Response> {
      const { pathname, search } = new URL(url)
      const sent = new Request(url, init)
      const outgoing = requestHttp({
        port,
        agent: false,
        method: sent.method,
        path: pathname + search,
        headers: { ...Object.fromEntries(sent.headers), ...Object.fromEntries(new Headers(init.headers)) },
      })
      outgoing.end(await sent.text())
      const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage]
      const body = await text(incoming)
      const headers = incoming.rawHeaders.flatMap((name, index): [string, string][] =>
        index % 2 === 0 ? [[name, incoming.rawHeaders[index + 1] ?? '']] : [],
      )
      return new Response(body === '' ? null : body, { status: incoming.statusCode ?? 0, headers })
    },
  }
}
