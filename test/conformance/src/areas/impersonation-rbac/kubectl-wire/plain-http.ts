import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { endpointFetch } from '@kube-authn/node'
import type { VectorHeader } from '../request.ts'

/** What a server without TLS gets from our own client. */
export async function plainHttpHeaders(
  { token }: { readonly token?: string },
  headers: readonly VectorHeader[],
): Promise<{ readonly authorization: string | undefined; readonly others: readonly VectorHeader[] }> {
  const server = createServer((_, response) => response.end())
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const fetch = endpointFetch(
    { server: url, ...(token !== undefined && { credential: { type: 'token', token } }) },
    { allowInsecureHttp: true },
  )
  try {
    const received = once(server, 'request')
    await fetch(url, { headers: Object.fromEntries(headers) })
    const [{ headers: sent }] = (await received) as [{ readonly headers: NodeJS.Dict<string> }]
    return {
      authorization: sent['authorization'],
      others: headers.map(([name]) => [name, sent[name.toLowerCase()] ?? '']),
    }
  } finally {
    fetch.close()
    server.close()
    server.closeAllConnections()
  }
}
