import type { TLSSocket } from 'node:tls'
import { describe, expect, it } from 'vitest'
import { exchange, proxyTo, type RunningUpstream, upstreamServer } from '../../test/servers.ts'

const REQUEST = 'GET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'
const UPGRADE =
  'GET /api/v1/namespaces/a/pods/b/exec HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'

/** The names that clients asked for in their handshakes, one for each connection. */
function namesOf({ server }: RunningUpstream): unknown[] {
  const names: unknown[] = []
  server.on('secureConnection', ({ servername }: TLSSocket & { servername?: unknown }) => {
    names.push(servername)
  })
  return names
}

describe('the connections to an upstream', () => {
  it.each([
    { host: '127.0.0.1', asked: false },
    { host: 'localhost', asked: 'localhost' },
    { host: '127.0.0.1', serverName: 'localhost', asked: 'localhost' },
  ])('ask for the name of its certificate: %j', async ({ host, serverName, asked }) => {
    const upstream = await upstreamServer()
    const names = namesOf(upstream)
    const { port } = await proxyTo(upstream, {
      upstream: {
        server: `https://${host}:${upstream.port}`,
        ca: upstream.ca,
        credential: { type: 'token', token: 'own-token' },
        ...(serverName !== undefined && { serverName }),
      },
    })
    expect(await exchange(port, REQUEST)).toMatch(/^HTTP\/1\.1 200 /)
    await exchange(port, UPGRADE)
    expect(names).toEqual([asked, asked])
  })

  it('are not used if its certificate is for another name', async () => {
    const upstream = await upstreamServer()
    const { port } = await proxyTo(upstream, {
      upstream: {
        server: upstream.url,
        ca: upstream.ca,
        serverName: 'other.example',
        credential: { type: 'token', token: 'own-token' },
      },
    })
    expect(await exchange(port, REQUEST)).toMatch(/^HTTP\/1\.1 502 /)
    expect(upstream.received).toEqual([])
  })

  it('are used again, one request after the other', async () => {
    const upstream = await upstreamServer()
    const names = namesOf(upstream)
    const { port } = await proxyTo(upstream)
    for (let count = 0; count < 3; count++) await exchange(port, REQUEST)
    await Promise.all([exchange(port, REQUEST), exchange(port, REQUEST)])
    expect(upstream.received).toHaveLength(5)
    expect(names).toHaveLength(2)
  })
})
