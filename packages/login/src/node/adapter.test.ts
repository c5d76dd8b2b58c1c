import { once } from 'node:events'
import { createServer, get, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it } from 'vitest'
import { keepCookies } from './adapter.ts'

/** The headers of a response that an app writes in this way. */
async function written(write: (res: ServerResponse) => void, kept = ['s=1', 't=2']) {
  const server = createServer((_req, res) => {
    res.setHeader('X-Before', 'a')
    keepCookies(res, kept)
    write(res)
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const sent = get({ port: (server.address() as AddressInfo).port, agent: false })
  const [response] = (await once(sent, 'response')) as [IncomingMessage]
  response.resume()
  server.close()
  return response
}

/** As Koa does before it answers an error. */
function withoutHeaders(res: ServerResponse): ServerResponse {
  for (const name of res.getHeaderNames()) res.removeHeader(name)
  return res
}

const CACHED = 'public, max-age=3600'

describe('cookies that are kept', () => {
  it.each<readonly [how: string, write: (res: ServerResponse) => void, own: readonly string[]]>([
    ['does nothing', (res) => res.end(), []],
    ['sets its own', (res) => res.setHeader('Set-Cookie', 'own=1').end(), ['own=1']],
    ['sets two', (res) => res.setHeader('set-cookie', ['own=1', 'more=2']).end(), ['own=1', 'more=2']],
    ['removes all headers', (res) => withoutHeaders(res).end(), []],
    [
      'writes a head',
      (res) => res.writeHead(200, { 'set-cookie': 'own=1', 'cache-control': CACHED }).end(),
      ['own=1'],
    ],
    [
      'writes a head with lists',
      (res) => res.writeHead(200, { 'Set-Cookie': ['own=1', 'more=2'] }).end(),
      ['own=1', 'more=2'],
    ],
    [
      'writes a head with a reason',
      (res) => res.writeHead(200, 'Fine', { 'set-cookie': 'own=1' }).end(),
      ['own=1'],
    ],
    [
      'writes a raw head',
      (res) => res.writeHead(200, ['Set-Cookie', 'own=1', 'Set-Cookie', 'more=2']).end(),
      ['own=1', 'more=2'],
    ],
    ['is cached', (res) => res.setHeader('Cache-Control', CACHED).end(), []],
    ['appends', (res) => res.appendHeader('Set-Cookie', 'own=1').end(), ['own=1']],
  ])('reach the browser, and no cache, if the app %s', async (_, write, own) => {
    const { headers } = await written(write)
    expect(headers['set-cookie']?.toSorted()).toEqual([...own, 's=1', 't=2'].toSorted())
    expect(headers['cache-control']).toBe('no-store')
  })

  it('leave other headers, the status and the reason as the app says', async () => {
    const given = { 'x-one': '1', 'X-Before': 'b', 'content-length': 0 }
    const { headers, statusCode, statusMessage } = await written((res) =>
      res.writeHead(404, 'Gone', given).end(),
    )
    expect([statusCode, statusMessage]).toEqual([404, 'Gone'])
    expect(headers).toMatchObject({ 'x-one': '1', 'x-before': 'b', 'content-length': '0' })
  })

  it('change nothing if there are none', async () => {
    const { headers } = await written((res) => res.setHeader('Cache-Control', CACHED).end(), [])
    expect(headers['cache-control']).toBe(CACHED)
    expect(headers).not.toHaveProperty('set-cookie')
  })
})
