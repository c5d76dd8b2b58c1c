// Express and Koa on every runtime that has Node's `http`: they read requests exactly as sent. Plain JavaScript without a test runner, so that each
// of them can run it.
//
// usage: node test/runtimes/node-adapters.mjs     (also: deno run -A, bun)
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import http2 from 'node:http2'
import { connect } from 'node:net'
import { authenticatorChain } from '@kube-authn/core'
import { clientCertificate, requestHeader } from '@kube-authn/core/client-certificate'
import { parseRbac, rbac } from '@kube-authn/core/authorization'
import { tokenFile } from '@kube-authn/core/token-file'
import * as onExpress from '@kube-authn/express'
import * as onKoa from '@kube-authn/koa'
import { http2ServerOptions } from '@kube-authn/node'
import { createPki } from '@kube-authn/testing'
import express from 'express'
import Koa from 'koa'
import { check, end } from './lib/counted.mjs'
import { RBAC } from './portable/authorization.mjs'

const authenticator = authenticatorChain({
  requestHeader: requestHeader({
    trusts: () => true,
    usernameHeaders: ['X-Remote-User'],
    groupHeaders: ['X-Remote-Group'],
    extraHeaderPrefixes: ['X-Remote-Extra-'],
  }),
  tokens: [tokenFile('t,jane,1\nc,clark,2,support')],
})
const policy = rbac(parseRbac(RBAC))
const { caPem } = await createPki()
const needsCertificates = authenticatorChain({ clientCertificate: clientCertificate({ ca: caPem }) })

const expressApp = express()
  .use(onExpress.authentication(authenticator), onExpress.impersonation(policy))
  .get('/', (req, res) => res.json({ user: onExpress.getUser(req), seen: Object.keys(req.headers) }))
const koaApp = new Koa()
  .use(onKoa.authentication(authenticator))
  .use(onKoa.impersonation(policy))
  .use((ctx) => {
    ctx.body = { user: ctx.state.user, seen: Object.keys(ctx.headers) }
  })
// Refusals are expected here and need no output.
koaApp.silent = true

const koaListener = koaApp.callback()
for (const { name, app, authentication } of [
  { name: 'Express', app: expressApp, authentication: onExpress.authentication },
  { name: 'Koa', app: koaListener, authentication: onKoa.authentication },
]) {
  const server = createServer((req, res) => void app(req, res)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  await checkAdapter(name, authentication, (...headers) => answerOf(server.address().port, headers))
  server.close()
}

await check('Koa: repeated groups of a proxy are kept apart in HTTP/2, too', async () => {
  const options = http2ServerOptions({ cleanHttp2Fields: true })
  const server = http2.createServer(options, (req, res) => void koaListener(req, res)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const session = http2.connect(`http://127.0.0.1:${server.address().port}`)
  const stream = session.request({ ':path': '/', 'x-remote-user': 'jane', 'x-remote-group': ['a', 'b, c'] })
  let text = ''
  for await (const part of stream.setEncoding('utf8')) text += part
  session.close()
  server.close()
  assert.deepEqual(JSON.parse(text).user.groups, ['a', 'b, c', 'system:authenticated'])
})

end()

async function checkAdapter(name, authentication, ask) {
  await check(`${name}: repeated groups of a proxy are kept apart, with their commas`, async () => {
    const { user } = await ask('X-Remote-User: jane', 'X-Remote-Group: a', 'x-remote-group: b, c')
    assert.deepEqual(user.groups, ['a', 'b, c', 'system:authenticated'])
  })

  await check(`${name}: a name beyond ASCII, and an escaped key, arrive whole`, async () => {
    const { user } = await ask('X-Remote-User: jäne€', 'X-Remote-Extra-Acme.com%2fproject: zürich €')
    assert.deepEqual([user.username, user.extra], ['jäne€', { 'acme.com/project': ['zürich €'] }])
  })

  await check(`${name}: the app sees nothing of the proxy's headers, nor of a token`, async () => {
    const seen = async (...headers) =>
      (await ask(...headers, 'X-Other: 1')).seen.filter((each) => each !== 'host')
    assert.deepEqual(await seen('X-Remote-User: jane', 'X-Remote-Extra-A: b'), ['connection', 'x-other'])
    assert.deepEqual(await seen('Authorization: Bearer t'), ['connection', 'x-other'])
  })

  await check(`${name}: of two tokens the first one counts, as in Kubernetes`, async () => {
    const [good, bad] = ['Authorization: Bearer t', 'Authorization: Bearer x']
    assert.equal((await ask(good, bad)).user.username, 'jane')
    assert.equal((await ask(bad, good)).status, 401)
  })

  await check(`${name}: what differs from a header of the proxy in underscores only is refused`, async () => {
    assert.equal((await ask('X-Remote-User: jane', 'X_Remote_User: root')).status, 401)
  })

  await check(`${name}: repeated groups of an impersonation are asked for one by one`, async () => {
    const asked = ['Authorization: Bearer c', 'Impersonate-User: jane', 'Impersonate-Group: dev']
    const { user } = await ask(...asked, 'Impersonate-Group: ops')
    assert.deepEqual(user.groups, ['dev', 'ops', 'system:authenticated'])
    assert.equal((await ask(...asked, 'Impersonate-Group: system:masters')).status, 403)
  })

  await check(`${name}: has client certificates, or says that it has none and what to do instead`, () => {
    if ('Bun' in globalThis) {
      assert.throws(
        () => authentication(needsCertificates),
        /do not provide them: terminate TLS in a proxy and use certificateHeaders/,
      )
    } else {
      authentication(needsCertificates)
    }
  })
}

/** Sends a request over a new connection, with exactly these lines, in UTF-8. */
async function answerOf(port, headers) {
  const socket = connect(port, '127.0.0.1')
  socket.write(['GET / HTTP/1.1', 'Host: localhost', 'Connection: close', ...headers, '', ''].join('\r\n'))
  let text = ''
  for await (const part of socket.setEncoding('utf8')) text += part
  const status = Number(text.slice(9, 12))
  const body = text.slice(text.indexOf('{'), text.lastIndexOf('}') + 1)
  return { ...JSON.parse(body), status }
}
