// A server for proxy.mjs, as a process of its own. usage: node proxies.mjs upstream|kube-authn|http-proxy-3|duties|pipe [PORT OF THE UPSTREAM]
import { createServer, request as httpRequest } from 'node:http'
import { Agent, createServer as createHttpsServer, request as httpsRequest } from 'node:https'
import { authenticatorChain } from '@kube-authn/core'
import { tokenFile } from '@kube-authn/core/token-file'
import { impersonatingProxy } from '@kube-authn/proxy'
import { createPki } from '@kube-authn/testing'
import httpProxy from 'http-proxy-3'

const BODY = JSON.stringify({
  kind: 'ConfigMapList',
  apiVersion: 'v1',
  items: Array.from({ length: 20 }, item),
})
const [kind, port] = process.argv.slice(2)
const target = `https://127.0.0.1:${port}`
const agent = new Agent({ keepAlive: true, rejectUnauthorized: false })

const subjects = {
  async upstream() {
    const { chainPem, privateKeyPem } = await (await createPki()).issueServer({ hosts: ['127.0.0.1'] })
    return createHttpsServer({ cert: chainPem, key: privateKeyPem }, (req, res) => {
      // As API servers do.
      if (req.headers['audit-id'] !== undefined) res.setHeader('audit-id', req.headers['audit-id'])
      if (req.method === 'POST') req.pipe(res)
      else res.setHeader('content-type', 'application/json').end(BODY)
    })
  },
  'kube-authn'() {
    const proxy = impersonatingProxy({
      authenticator: authenticatorChain({ tokens: [tokenFile('token,jane,1,"dev,ops"\n')] }),
      upstream: { server: target, insecureSkipTlsVerify: true, credential: { type: 'token', token: 'own' } },
    })
    return createServer(proxy.express())
  },
  'http-proxy-3'() {
    const proxy = httpProxy.createProxyServer({ target, agent, secure: false })
    return createServer((req, res) => proxy.web(req, res))
  },
  /** The least that an impersonating proxy has to do: it knows its users, forwards lines of headers except those of the connection, and notices failures. */
  duties() {
    const users = new Map([
      [
        'Bearer token',
        [
          'Impersonate-User',
          'jane',
          'Impersonate-Uid',
          '1',
          'Impersonate-Group',
          'dev',
          'Impersonate-Group',
          'ops',
        ],
      ],
    ])
    return createServer((req, res) => {
      const user = users.get(req.headers.authorization)
      if (user === undefined) return void res.writeHead(401).end()
      const { method, url: path, rawHeaders } = req
      const headers = ['Host', '127.0.0.1', 'Via', '1.1 proxy', 'Authorization', 'Bearer own', ...user]
      copyLines(rawHeaders, headers)
      const forwarded = httpsRequest({ host: '127.0.0.1', port, agent, method, path, headers }, (answer) => {
        const lines = []
        copyLines(answer.rawHeaders, lines)
        res.writeHead(answer.statusCode, lines)
        answer.on('error', () => res.destroy())
        answer.pipe(res)
      })
      forwarded.on('error', () => (res.headersSent ? res.destroy() : res.writeHead(502).end()))
      res.on('close', () => forwarded.destroy())
      if ('content-length' in req.headers || 'transfer-encoding' in req.headers) req.pipe(forwarded)
      else forwarded.end()
    })
  },
  /** What no proxy can do without. */
  pipe() {
    return createServer((req, res) => {
      const { method, url: path, headers } = req
      const forwarded = httpsRequest({ host: '127.0.0.1', port, agent, method, path, headers }, (answer) => {
        res.writeHead(answer.statusCode, answer.headers)
        answer.pipe(res)
      })
      req.pipe(forwarded)
    })
  },
}

const NOT_COPIED = new Set(['authorization', 'connection', 'host', 'keep-alive', 'upgrade'])

function copyLines(from, to) {
  for (let index = 0; index < from.length; index += 2) {
    if (!NOT_COPIED.has(from[index].toLowerCase())) to.push(from[index], from[index + 1])
  }
}

const server = await subjects[kind]()
server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }))

/** A body that comes back, or the CPU time so far, at the request of the parent. */
process.on('message', ({ mebibytes }) => {
  if (mebibytes === undefined) {
    const { user, system } = process.cpuUsage()
    process.send({ microseconds: user + system })
    return
  }
  const chunk = Buffer.alloc(1_048_576, 'x')
  const start = performance.now()
  const echo = httpRequest({
    port: server.address().port,
    method: 'POST',
    headers: { authorization: 'Bearer token', 'content-type': 'application/octet-stream' },
  })
  let sent = 0
  const write = () => {
    while (sent < mebibytes) {
      sent++
      if (!echo.write(chunk)) return void echo.once('drain', write)
    }
    echo.end()
  }
  echo.once('response', (answer) => {
    let size = 0
    answer.on('data', (part) => (size += part.length))
    answer.once('end', () => process.send({ size, seconds: (performance.now() - start) / 1000 }))
  })
  write()
})

function item(_, index) {
  return { metadata: { name: `map-${index}`, namespace: 'default' }, data: { value: 'x'.repeat(60) } }
}
