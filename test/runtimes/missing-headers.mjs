// Requests whose headers do not all arrive, on every runtime that has Node's `http` and `http2`: a deputy never acts as itself. Plain JavaScript
// without a test runner, so that each of them can run it.
//
// usage: node test/runtimes/missing-headers.mjs     (also: deno run -A, bun)
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import http2 from 'node:http2'
import { connect } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import { authenticatorChain } from '@kube-authn/core'
import { alwaysAllow } from '@kube-authn/core/authorization'
import { tokenFile } from '@kube-authn/core/token-file'
import * as onExpress from '@kube-authn/express'
import * as onHono from '@kube-authn/hono'
import * as onKoa from '@kube-authn/koa'
import { http2ServerOptions } from '@kube-authn/node'
import express from 'express'
import { Hono } from 'hono'
import Koa from 'koa'
import { check, end } from './lib/counted.mjs'

const chain = authenticatorChain({ tokens: [tokenFile('deputy,deputy,1,system:masters')], anonymous: true })
const koaApp = new Koa()
  .use(onKoa.authentication(chain))
  .use(onKoa.impersonation(alwaysAllow()))
  .use(({ req, response }) => answerAtEnd(req, onKoa.getUser, (text) => (response.body = text), { req }))
koaApp.silent = true
const honoApp = new Hono()
  .use(onHono.authentication(chain))
  .use(onHono.impersonation(alwaysAllow()))
  .all('*', (c) =>
    answerAtEnd(
      c.env.incoming,
      () => c.var.user,
      (text) => c.text(text),
    ),
  )
const expressApp = express()
  .use(onExpress.authentication(chain), onExpress.impersonation(alwaysAllow()))
  .use((req, res) => void answerAtEnd(req, onExpress.getUser, (text) => res.end(text)))

const apps = { Express: expressApp, Koa: koaApp.callback(), Hono: getRequestListener(honoApp.fetch) }

/** The user, and all trailers, as soon as the body is there. */
async function answerAtEnd(req, getUser, answer, context = req) {
  const { username } = getUser(context)
  if (req.method === 'POST') for await (const _ of req);
  return answer(`${username} ${JSON.stringify([req.trailers, req.rawTrailers, req.trailersDistinct])}`)
}

const isNode = !('Bun' in globalThis || 'Deno' in globalThis)
const [major, minor] = process.versions.node.split('.').map(Number)
const showsBlanks = isNode && (major > 24 || (major === 24 && minor >= 2) || (major === 22 && minor >= 17))
const filler = (count) => Array.from({ length: count }, () => 'B:')

for (const [name, app] of Object.entries(apps)) {
  for (const count of [0, 500, 996, 1020, 1050, 2000]) {
    await check(
      `${name}: with ${count} headers in between a deputy acts for the user, or not at all`,
      async () => {
        const lines = ['Authorization: Bearer deputy', ...filler(count), 'Impersonate-User: jane']
        const [status, text] = await askHttp1(app, null, lines)
        if (count <= 500 && isNode) assert.equal(status, 200)
        if (status === 200) assert.match(text, /^jane /)
        else assert.ok(status === 431 || status === 400 || status === 0, `${status} ${text}`)
      },
    )
  }

  await check(`${name}: a bad token behind many headers is not anonymous`, async () => {
    const [status] = await askHttp1(app, null, [...filler(1500), 'Authorization: Bearer wrong'])
    assert.notEqual(status, 200)
  })

  if (isNode) {
    await check(`${name}: without a limit all headers count`, async () => {
      const lines = ['Authorization: Bearer deputy', ...filler(2000), 'Impersonate-User: jane']
      const [status, text] = await askHttp1(app, 0, lines)
      assert.equal(`${status} ${text}`.slice(0, 9), '200 jane ')
    })
  }

  await check(`${name}: trailers have no identities`, async () => {
    const trailers = [
      'X-Sum: 1',
      'X-Remote-User: root',
      'Impersonate-User: root',
      'Authorization: root',
      '',
      '',
    ]
    const lines = ['Authorization: Bearer deputy', 'Transfer-Encoding: chunked', '', '0', ...trailers]
    const [status, text] = await askHttp1(app, null, lines, 'POST')
    assert.equal(status, 200)
    if (isNode) assert.match(text, /"x-sum":"1"/)
    assert.doesNotMatch(text, /root|remote|impersonate/i)
  })
}

const deputy = { authorization: 'Bearer deputy' }
for (const [name, app] of Object.entries(apps).slice(1)) {
  await check(
    `${name}: over HTTP/2 with other options there are no deputies and no anonymous requests`,
    async () => {
      assert.deepEqual(
        await askHttp2(app, {}, [deputy, { ...deputy, 'impersonate-user': 'jane' }, {}]),
        [505, 505, 401],
      )
    },
  )

  await check(`${name}: over HTTP/2 with clean fields there are`, async () => {
    const asked = [deputy, { ...deputy, 'impersonate-user': 'jane' }, {}, { authorization: 'Bearer wrong' }]
    const options = http2ServerOptions({ cleanHttp2Fields: true })
    assert.deepEqual(await askHttp2(app, options, asked), ['deputy', 'jane', 'system:anonymous', 401])
  })

  await check(
    `${name}: over HTTP/2 a blank makes no deputy act as itself, and no bad token anonymous`,
    async () => {
      const asked = [
        { ...deputy, 'impersonate-user': 'jane' },
        { ...deputy, 'impersonate-user': 'jane ' },
        { ...deputy, 'impersonate-user': '\tjane' },
        { authorization: 'Bearer wrong ' },
      ]
      assert.deepEqual(
        await askHttp2(app, http2ServerOptions(), asked),
        showsBlanks ? ['jane', 'jane ', '\tjane', 401] : [505, 505, 505, 401],
      )
    },
  )
}

end()

/** Sends a request over a new connection, with exactly these lines. The status is 0 if there is no response. */
async function askHttp1(app, maxHeadersCount, lines, method = 'GET') {
  const server = createServer((req, res) => void app(req, res))
  server.maxHeadersCount = maxHeadersCount
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const socket = connect(server.address().port, '127.0.0.1')
  socket.write(
    [`${method} / HTTP/1.1`, 'Host: localhost', 'Connection: close', ...lines, '', ''].join('\r\n'),
  )
  let text = ''
  try {
    for await (const part of socket.setEncoding('utf8')) text += part
  } catch {
    // Some servers close the connection while headers are still sent.
  }
  server.close()
  const status = Number(text.slice(9, 12))
  const body = text.slice(text.indexOf('\r\n\r\n') + 4)
  // Some respond in chunks.
  return [status, /\r\n(?:jane|deputy|system)/.test(body) ? body.slice(body.indexOf('\r\n') + 2) : body]
}

/** Sends each over a new connection: returns the user, or the status of the refusal. */
async function askHttp2(app, options, requests) {
  const server = http2.createServer(options, (req, res) => void app(req, res))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const answers = []
  for (const headers of requests) {
    const session = http2.connect(`http://127.0.0.1:${server.address().port}`)
    const stream = session.request({ ':path': '/', ...headers })
    let status
    stream.on('response', (all) => (status = all[':status']))
    let text = ''
    for await (const part of stream.setEncoding('utf8')) text += part
    session.close()
    answers.push(status === 200 ? text.slice(0, text.indexOf(' [')) : status)
  }
  server.close()
  return answers
}
