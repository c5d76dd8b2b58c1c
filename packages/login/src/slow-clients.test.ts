import { createServer, type RequestListener } from 'node:http'
import { connect } from 'node:net'
import { once } from 'node:events'
import { getRequestListener } from '@hono/node-server'
import * as forExpress from '@kube-authn/login/express'
import * as forKoa from '@kube-authn/login/koa'
import express from 'express'
import Koa from 'koa'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { type LoginApp, loginApp } from '../test/login-app.ts'

const LISTENERS: readonly (readonly [string, (given: LoginApp) => RequestListener])[] = [
  ['Express', ({ login }) => express().use(forExpress.loginRoutes(login))],
  [
    'Koa',
    ({ login }) => {
      const app = new Koa()
      app.silent = true
      const handle = app.use(forKoa.loginRoutes(login)).callback()
      return (req, res) => void handle(req, res)
    },
  ],
  ['Hono on Node', ({ app }) => getRequestListener(app.fetch)],
]

/** Sends bytes, and returns all that comes back until the connection is closed. */
async function exchange(port: number, bytes: string): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  let answer = ''
  socket.setEncoding('latin1')
  socket.on('data', (data: string) => (answer += data))
  socket.on('error', () => {})
  socket.write(bytes)
  await once(socket, 'close')
  return answer
}

describe.each(LISTENERS)('a slow client of a login in %s', (_, listenerOf) => {
  /** A server that waits less than a second for a request, where Node's defaults are 60 for its head, and 300 for all of it. */
  async function impatient(): Promise<{ readonly port: number; readonly given: LoginApp }> {
    const given = await loginApp()
    const server = createServer(
      { headersTimeout: 200, requestTimeout: 400, connectionsCheckingInterval: 20 },
      listenerOf(given),
    )
    await once(server.listen(0, '127.0.0.1'), 'listening')
    onTestFinished(() => {
      server.close()
      server.closeAllConnections()
    })
    const address = server.address()
    return { port: typeof address === 'object' && address !== null ? address.port : 0, given }
  }

  const FORM = 'Host: a\r\nContent-Type: application/x-www-form-urlencoded\r\n'

  it.each([
    ['half a head', 'GET /login HTTP/1.1\r\nHost: a\r\n'],
    ['half a callback', 'GET /login/callback?code='],
    [
      'no body of a logout by the provider',
      `POST /logout/backchannel HTTP/1.1\r\n${FORM}Content-Length: 9\r\n\r\n`,
    ],
    ['half of it', `POST /logout/backchannel HTTP/1.1\r\n${FORM}Content-Length: 900\r\n\r\nlogout_token=`],
    [
      'half a chunk',
      `POST /logout/backchannel HTTP/1.1\r\n${FORM}Transfer-Encoding: chunked\r\n\r\n9\r\nlog`,
    ],
  ])('that sends %s loses its connection, and nothing remains of it', async (_what, bytes) => {
    const unhandled = vi.fn()
    process.on('unhandledRejection', unhandled)
    onTestFinished(() => void process.off('unhandledRejection', unhandled))
    const { port, given } = await impatient()
    const answer = await exchange(port, bytes)
    expect(answer).not.toMatch(/^HTTP\/1\.1 [23]/)
    expect(given.providers[0]?.tokenRequests).toEqual([])
    expect(await exchange(port, 'GET /logout/done HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')).toMatch(
      /^HTTP\/1\.1 200 /,
    )
    expect(unhandled).not.toHaveBeenCalled()
  })
})
