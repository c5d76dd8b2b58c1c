import { createServer, type Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import { exchange, listening, portOf, proxyTo, until } from '../../test/servers.ts'

interface Asked {
  readonly socket: Socket
  /** How many requests came before on the same connection. */
  readonly before: number
  /** The line `Audit-ID: ...` of the request. */
  readonly auditId: string
  readonly url: string
}

/** A server of bytes, which answers each request by hand. */
async function byHand(answer: (asked: Asked) => void): Promise<{
  readonly ask: (method: string, url: string) => Promise<string>
  readonly urls: string[]
  readonly connections: Socket[]
  readonly lines: string[]
}> {
  const urls: string[] = []
  const connections: Socket[] = []
  const lines: string[] = []
  const server = createServer((socket) => {
    connections.push(socket)
    socket.setEncoding('latin1')
    socket.on('error', () => socket.destroy())
    let before = 0
    socket.on('data', (request: string) => {
      const [, url = ''] = request.split(' ', 2)
      urls.push(url)
      const [auditId = ''] = /^audit-id: .*$/im.exec(request) ?? []
      answer({ socket, before: before++, auditId, url })
    })
  })
  await listening(server)
  const { port } = await proxyTo(
    { url: '', ca: '' },
    {
      upstream: { server: `http://127.0.0.1:${portOf(server)}` },
      allowInsecureHttp: true,
      log: (entry) => void lines.push(JSON.stringify(entry)),
    },
  )
  const ask = (method: string, url: string): Promise<string> =>
    exchange(
      port,
      `${method} ${url} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${method === 'POST' ? 'Content-Length: 0\r\n' : ''}\r\n`,
    )
  return { ask, urls, connections, lines }
}

const response = (content: string, ...headers: readonly string[]): string =>
  `HTTP/1.1 200 OK\r\n${headers.map((line) => `${line}\r\n`).join('')}Content-Length: ${content.length}\r\n\r\n${content}`

describe('a connection to the upstream', () => {
  it('is used again after a response with the Audit-ID of its request, whatever else a pod has sent', async () => {
    const { ask, connections } = await byHand(({ socket, auditId, url }) =>
      socket.write(response(url, auditId, 'Audit-ID: of-pod')),
    )
    for (const url of ['/1', '/2', '/3']) expect(await ask('GET', url)).toMatch(new RegExp(`${url}$`))
    expect(connections).toHaveLength(1)
  })

  it('is not used again after a response without one', async () => {
    const { ask, urls, connections } = await byHand(({ socket, url }) => socket.write(response(url)))
    for (const url of ['/1', '/2', '/3']) expect(await ask('GET', url)).toMatch(new RegExp(`${url}$`))
    expect(connections).toHaveLength(3)
    expect(urls).toEqual(['/1', '/2', '/3'])
  })

  it('is not used again after a response with another one, which is a 502', async () => {
    const { ask, connections, lines } = await byHand(({ socket, url }) =>
      socket.write(response(`own-${url}`, 'Audit-ID: of-another')),
    )
    for (const url of ['/1', '/2']) {
      const answer = await ask('GET', url)
      expect(answer).toMatch(/^HTTP\/1\.1 502 /)
      expect(answer).not.toContain('own')
    }
    expect(connections).toHaveLength(2)
    await until(() => connections.every(({ destroyed }) => destroyed) && lines.length > 0)
    expect(lines.join()).toContain('the response of the upstream has another Audit-ID than the request')
  })

  it.each([
    ['with its Audit-ID', true],
    ['without an Audit-ID', false],
  ])('on which an answer comes late, %s, gives it to no other request', async (_, hasId) => {
    let late = ''
    const { ask, urls, connections } = await byHand(({ socket, before, auditId, url }) => {
      // What the first request is answered with once more, as soon as the next one is under way.
      if (before === 0) late = response(`late-${url}`, ...(hasId ? [auditId] : []))
      else socket.write(late)
      socket.write(response(`own-${url}`, auditId))
    })
    expect(await ask('GET', '/1')).toContain('own-/1')
    // It changes nothing, so it is asked for once more, on a connection of its own.
    expect(await ask('GET', '/2')).toMatch(/^HTTP\/1\.1 200 [^]*own-\/2$/)
    expect(await ask('GET', '/3')).toContain('own-/3')
    const refused = await ask('POST', '/4')
    expect(refused).toMatch(/^HTTP\/1\.1 502 /)
    expect(refused).not.toContain('own')
    expect(urls).toEqual(['/1', '/2', '/2', '/3', '/4'])
    expect(connections).toHaveLength(3)
  })

  it.each([
    ['a second response', (auditId: string) => response('second', auditId)],
    ['a byte', () => 'x'],
  ])('on which %s comes while it is idle is closed', async (_, more) => {
    const ids: string[] = []
    const { ask, connections } = await byHand(({ socket, auditId, url }) => {
      ids.push(auditId)
      socket.write(response(url, auditId))
    })
    expect(await ask('GET', '/1')).toContain('/1')
    connections[0]?.write(more(ids[0] ?? ''))
    await until(() => connections[0]?.destroyed === true)
    expect(await ask('POST', '/2')).toMatch(/^HTTP\/1\.1 200 [^]*\/2$/)
    expect(connections).toHaveLength(2)
  })
})
