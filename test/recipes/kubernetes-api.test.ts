import { once } from 'node:events'
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { connect, createSecureServer, type IncomingHttpHeaders, type Http2SecureServer } from 'node:http2'
import { createServer, request, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import { http2ServerOptions, tlsServerOptions } from '@kube-authn/node'
import { createPki } from '@kube-authn/testing'
import type { Hono } from 'hono'
import type Koa from 'koa'
import { afterAll, describe, expect, it } from 'vitest'
import { bearer, recipe } from './recipe.ts'

const ROLES = `
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: { name: everything }
rules: [{ apiGroups: ["*"], resources: ["*"], verbs: ["*"] }, { nonResourceURLs: ["*"], verbs: ["*"] }]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: { name: admins }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: everything }
subjects: [{ apiGroup: rbac.authorization.k8s.io, kind: User, name: admin }]
`
const { load } = recipe('kubernetes-api', {
  files: { 'tokens.csv': 'admin-token,admin,1\njane-token,jane,2\n', 'roles.yaml': ROLES },
})
const { app: expressApp } = await load<{ app: RequestListener }>('express.ts')
const { app: koaApp } = await load<{ app: Koa }>('koa.ts')
const { app: honoApp } = await load<{ app: Hono }>('hono.ts')
const { listener, close } = await load<{ listener: RequestListener; close(): Promise<void> }>('node.ts')
const forHono = getRequestListener(honoApp.fetch, { overrideGlobalObjects: false })

const pki = await createPki({ commonName: 'servers' })
const { chainPem: cert, privateKeyPem: key } = await pki.issueServer({ hosts: ['127.0.0.1'] })
const ca = pki.caPem
const tls = tlsServerOptions({ cert, key })

async function portOf(server: Server | Http2SecureServer): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  afterAll(() => void server.close())
  return (server.address() as AddressInfo).port
}

type Handler = (req: IncomingMessage, res: ServerResponse) => unknown
const handlers: readonly (readonly [name: string, handler: Handler])[] = [
  ['Express', expressApp],
  ['Koa', koaApp.callback()],
  ['Hono', forHono],
  ['Node', listener],
]
afterAll(close)

interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
}

const PATH = '/api/v1/namespaces/default/configmaps'
const ADMIN = bearer('admin-token')
const JSON_TYPE = { 'content-type': 'application/json' }

describe.each(handlers)('the API in %s, over TLS', (name, handler) => {
  const started = portOf(createServer(tls, (req, res) => void handler(req, res)))

  async function send(
    method: string,
    path: string,
    headers: Record<string, string> = {},
    body?: string,
  ): Promise<{ readonly response: IncomingMessage; readonly sent: ReturnType<typeof request> }> {
    const sent = request({ host: '127.0.0.1', port: await started, ca, method, path, headers, agent: false })
    const answered = once(sent, 'response')
    sent.on('error', () => {})
    sent.end(body)
    const [response] = (await answered) as [IncomingMessage]
    return { response, sent }
  }

  async function ask(...asked: Parameters<typeof send>): Promise<Answer> {
    const { response } = await send(...asked)
    let text = ''
    for await (const chunk of response.setEncoding('utf8')) text += String(chunk)
    return { status: response.statusCode ?? 0, headers: response.headers, text }
  }

  it('is for those who may use it', async () => {
    expect(await ask('GET', PATH)).toMatchObject({ status: 401 })
    expect(await ask('GET', PATH, bearer('jane-token'))).toMatchObject({ status: 403 })
    expect(await ask('GET', PATH, ADMIN)).toMatchObject({ status: 200 })
    const acting = await ask('GET', PATH, { ...ADMIN, 'impersonate-user': 'jane' })
    expect(acting).toMatchObject({ status: 403, text: expect.stringContaining('User \\"jane\\"') })
  })

  it('knows its caller, which is required for writing roles', async () => {
    const role = JSON.stringify({ metadata: { name: `r-${name}` }, rules: [] })
    const path = '/apis/rbac.authorization.k8s.io/v1/clusterroles'
    expect(await ask('POST', path, { ...ADMIN, ...JSON_TYPE }, role)).toMatchObject({ status: 201 })
  })

  it('passes on its warnings', async () => {
    const body = JSON.stringify({ metadata: { name: 'w' }, other: 1 })
    const answer = await ask('POST', PATH, { ...ADMIN, ...JSON_TYPE }, body)
    expect(answer).toMatchObject({
      status: 201,
      headers: { warning: expect.stringContaining('unknown field') },
    })
  })

  it.each(['HEAD', 'OPTIONS', 'TRACE'])('answers %s properly', async (method) => {
    const { status, headers, text } = await ask(method, PATH, ADMIN)
    expect([status, headers.allow]).toEqual([405, 'DELETE, GET, POST'])
    if (method === 'HEAD') expect(text).toBe('')
    else expect(JSON.parse(text)).toMatchObject({ kind: 'Status', reason: 'MethodNotAllowed' })
  })

  it('refuses a large body before its end', async () => {
    const headers = { ...ADMIN, ...JSON_TYPE }
    const options = {
      host: '127.0.0.1',
      port: await started,
      ca,
      method: 'POST',
      path: PATH,
      headers,
      agent: false,
    }
    const sent = request(options)
    const answered = once(sent, 'response')
    sent.on('error', () => {})
    sent.write(Buffer.alloc(3_145_729, 32))
    const [response] = (await answered) as [IncomingMessage]
    expect(response.statusCode).toBe(413)
    sent.destroy()
  })

  it('streams watches until the client leaves', async () => {
    const { response, sent } = await send('GET', '/api/v1/namespaces?watch=1', ADMIN)
    expect(response.statusCode).toBe(200)
    const [first] = (await once(response, 'data')) as [Buffer]
    expect(JSON.parse(first.toString().split('\n')[0] ?? '')).toMatchObject({ type: 'ADDED' })
    const body = JSON.stringify({ metadata: { name: `later-${name.toLowerCase()}` } })
    const later = (async () => {
      let text = ''
      for await (const chunk of response) {
        text += String(chunk)
        if (text.includes(`"later-`)) return text
      }
      return text
    })()
    await ask('POST', '/api/v1/namespaces', { ...ADMIN, ...JSON_TYPE }, body)
    expect(await later).toContain(`later-${name.toLowerCase()}`)
    sent.destroy()
  })

  it.each([
    '/api/v1/namespaces/../secrets',
    '//api/v1/secrets',
    '/api/v1/namespaces/a%2F..%2Fb/secrets',
    '/api/v1/secrets//',
  ])('serves %s to no one else than it was authorized for', async (path) => {
    expect([400, 403]).toContain((await ask('GET', path, bearer('jane-token'))).status)
    expect([200, 400, 404]).toContain((await ask('GET', path, ADMIN)).status)
  })
})

describe.each(handlers.filter(([name]) => name !== 'Express'))('the API in %s, over HTTP/2', (_, handler) => {
  it('answers, and streams watches', async () => {
    const port = await portOf(
      createSecureServer(http2ServerOptions({ ...tls, cleanHttp2Fields: true }), (req, res) => {
        void Reflect.apply(handler, undefined, [req, res])
      }),
    )
    const session = connect(`https://127.0.0.1:${port}`, { ca })
    const head = session.request({ ':method': 'HEAD', ':path': PATH, ...ADMIN })
    head.end()
    const [refused] = (await once(head, 'response')) as [Record<string, unknown>]
    expect(refused[':status']).toBe(405)
    head.resume()
    await once(head, 'close')
    const watch = session.request({ ':path': '/api/v1/namespaces?watch=1', ...ADMIN })
    const [first] = (await once(watch, 'data')) as [Buffer]
    expect(first.toString()).toContain('"ADDED"')
    watch.close()
    await once(watch, 'close')
    session.close()
    await once(session, 'close')
  })
})
