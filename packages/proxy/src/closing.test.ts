import { once } from 'node:events'
import { get, type IncomingMessage, request, type RequestListener, type ServerResponse } from 'node:http'
import { connect, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { onUpgrade, proxyTo, until, upstreamServer } from '../test/servers.ts'

const WATCH = '/api/v1/configmaps?watch=1'
const EXEC = '/api/v1/namespaces/a/pods/b/exec'
const never: RequestListener = () => {}

/** A proxy that closes when the test says so, and the responses that its upstream has begun. */
async function closable(listener: RequestListener = never) {
  const begun: ServerResponse[] = []
  const upstream = await upstreamServer((message, response) => {
    begun.push(response)
    listener(message, response)
  })
  const closing = new AbortController()
  const { port, proxy, sockets } = await proxyTo(upstream, { closing: closing.signal })
  return {
    begun,
    upstream,
    proxy,
    port,
    sockets,
    close: () => closing.abort(),
    ask: (path: string) => get({ port, path, host: '127.0.0.1', agent: false }),
  }
}

const answerOf = async (sent: ReturnType<typeof get>): Promise<IncomingMessage> => {
  const [response] = (await once(sent, 'response')) as [IncomingMessage]
  return response
}

async function textOf(response: IncomingMessage): Promise<{ text: string; isComplete: boolean }> {
  let text = ''
  response.setEncoding('utf8').on('data', (data) => (text += String(data)))
  response.on('error', () => {})
  await new Promise((resolve) => response.once('close', resolve))
  return { text, isComplete: response.complete }
}

describe('when the server closes', () => {
  it('a watch ends as a complete response, also at the upstream, and others go on', async () => {
    const { begun, close, ask } = await closable((_, response) => void response.write('{}\n'))
    const watch = await answerOf(ask(WATCH))
    const download = await answerOf(ask('/api/v1/namespaces/a/pods/b/log?follow=true'))
    await Promise.all([once(watch, 'readable'), once(download, 'readable')])
    const left = once(begun[0]!, 'close')
    close()
    expect(await textOf(watch)).toEqual({ text: '{}\n', isComplete: true })
    await left
    const rest = textOf(download)
    begun[1]!.end('more\n')
    expect(await rest).toEqual({ text: '{}\nmore\n', isComplete: true })
  })

  it('a watch that has not begun is a 503, and so is a later one, while other requests are forwarded', async () => {
    const { upstream, close, ask } = await closable(({ url }, response) => {
      if (url !== WATCH) response.end('ok')
    })
    const early = ask(WATCH)
    await until(() => upstream.received.length === 1)
    close()
    for (const sent of [early, ask(WATCH)]) {
      const response = await answerOf(sent)
      expect([response.statusCode, response.headers['retry-after']]).toEqual([503, '1'])
      expect((await textOf(response)).text).toContain('the server is shutting down')
    }
    expect((await textOf(await answerOf(ask('/api')))).text).toBe('ok')
  })

  it('an upgrade ends on both sides, after what was sent', async () => {
    const { upstream, close, port, sockets } = await closable()
    let behind: Duplex | undefined
    onUpgrade(upstream, (_, socket) => {
      behind = socket
      socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
    })
    const headers = { connection: 'upgrade', upgrade: 'websocket' }
    const sent = request({ port, path: EXEC, headers, host: '127.0.0.1', agent: false })
    sent.end()
    const [, socket] = (await once(sent, 'upgrade')) as [IncomingMessage, Socket]
    behind!.write('last words')
    const [data] = (await once(socket, 'data')) as [Buffer]
    expect(data.toString()).toBe('last words')
    const ended = Promise.all([once(socket, 'end'), once(behind!, 'end')])
    behind!.resume()
    close()
    await ended
    behind!.end()
    await until(() => sockets.size === 0)
    expect(sockets.size).toBe(0)
  })

  it('an upgrade that was not answered yet is a 503, and so is a later one', async () => {
    const { upstream, close, port } = await closable()
    let arrived = 0
    const left: Promise<unknown>[] = []
    onUpgrade(upstream, (_, socket) => {
      arrived++
      left.push(new Promise((resolve) => socket.once('close', resolve)))
      socket.resume()
    })
    const answers = (): Promise<string> =>
      new Promise((resolve) => {
        let text = ''
        const socket = connect(port, '127.0.0.1')
        socket.write(`GET ${EXEC} HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`)
        socket.setEncoding('utf8').on('data', (data) => (text += String(data)))
        socket.once('close', () => resolve(text))
      })
    const early = answers()
    await until(() => arrived === 1)
    close()
    for (const answer of [early, answers()]) {
      expect(await answer).toMatch(/^HTTP\/1\.1 503 [^]*retry-after: 1[^]*the server is shutting down/i)
    }
    await Promise.all(left)
  })

  it('an upgrade whose refusal has begun gets all of it', async () => {
    const { begun, close, port } = await closable((_, response) => {
      response.writeHead(403, { 'content-length': 10 })
      response.write('not ')
    })
    const headers = { connection: 'upgrade', upgrade: 'websocket' }
    const sent = get({ port, path: EXEC, headers, host: '127.0.0.1', agent: false })
    const response = await answerOf(sent)
    close()
    begun[0]!.end('by me!')
    expect([response.statusCode, await textOf(response)]).toEqual([
      403,
      { text: 'not by me!', isComplete: true },
    ])
  })

  it('is refused as an option that is no signal', async () => {
    const upstream = await upstreamServer()
    await expect(proxyTo(upstream, { closing: {} as AbortSignal })).rejects.toThrow(
      'closing: must be an AbortSignal',
    )
  })
})
