// A server for proxy.mjs, as a process of its own. usage: node proxies.mjs upstream|kube-authn|http-proxy-3|pipe [PORT OF THE UPSTREAM]
import { createServer, request as httpRequest } from 'node:http'
import { Agent, createServer as createHttpsServer, request as httpsRequest } from 'node:https'
import { authenticatorChain } from '@kube-authn/core'
import { tokenFile } from '@kube-authn/core/token-file'
import { authentication, getAuthentication } from '@kube-authn/express'
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
      if (req.method === 'POST') req.pipe(res)
      else res.setHeader('content-type', 'application/json').end(BODY)
    })
  },
  'kube-authn'() {
    const authenticate = authentication(
      authenticatorChain({ tokens: [tokenFile('token,jane,1,"dev,ops"\n')] }),
    )
    const proxy = impersonatingProxy({
      upstream: { server: target, insecureSkipTlsVerify: true, credential: { type: 'token', token: 'own' } },
    }).express(getAuthentication)
    return createServer((req, res) => authenticate(req, res, () => proxy(req, res)))
  },
  'http-proxy-3'() {
    const proxy = httpProxy.createProxyServer({ target, agent, secure: false })
    return createServer((req, res) => proxy.web(req, res))
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
