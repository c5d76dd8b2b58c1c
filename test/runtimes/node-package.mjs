// Files and connections of `@kube-authn/node`, on every runtime that has Node's modules. Plain JavaScript without a test runner, so that each of them
// can run it; the servers that it calls are of the same runtime's `node:https`.
//
// usage: node test/runtimes/node-package.mjs     (also: deno run -A, bun)
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { authenticateRequest, fetchRequest } from '@kube-authn/core/adapter'
import { createAuthenticator, createFetch, rbacAt, webhookAuthenticatorAt } from '@kube-authn/node'
import { createIssuer, createPki } from '@kube-authn/testing'
import { listen } from '@kube-authn/testing/node'
import { check, end } from './lib/counted.mjs'
import { eventually } from './lib/patience.mjs'
import { RBAC } from './portable/authorization.mjs'
import { startUpstream } from './lib/upstream.mjs'

const tellsPeerCertificates = !('Bun' in globalThis)
const scratch = mkdtempSync(join(tmpdir(), 'kube-authn-node-package-'))
const path = (name) => join(scratch, name)
const write = (name, text) => {
  writeFileSync(path(name), text)
  return path(name)
}
/** As an editor and a configuration tool do. */
const replace = (name, text) => renameSync(write(`${name}.new`, text), path(name))

const pki = await createPki({ commonName: 'ours' })
const others = await createPki({ commonName: 'theirs' })
const client = await pki.issueClient({ commonName: 'webhook-client' })
const server = await pki.issueServer({ hosts: ['localhost', '127.0.0.1'] })
const upstream = await startUpstream({ cert: server.chainPem, key: server.privateKeyPem, ca: pki.caPem })
const origin = `https://127.0.0.1:${upstream.port}`
write('ca.crt', pki.caPem)
write('other-ca.crt', others.caPem)
write('client.crt', client.chainPem)
write('client.key', client.privateKeyPem)

await check('a token file counts as it is, and as it becomes', async () => {
  write('tokens.csv', 'first,jane,1\n')
  const authenticator = createAuthenticator({ tokenFile: path('tokens.csv') })
  assert.equal(await whoHas(authenticator, 'first'), 'jane')
  replace('tokens.csv', 'second,joe,2\n')
  await becomes(authenticator, 'second', 'joe')
  assert.equal(await whoHas(authenticator, 'first'), 'rejected')
})

await check(
  'a file behind links counts anew when they are turned, as Kubernetes does with secrets',
  async () => {
    for (const [version, token] of ['one', 'two'].entries()) {
      mkdirSync(path(`v${version}`))
      write(`v${version}/tokens.csv`, `${token},jane,1\n`)
    }
    symlinkSync('v0', path('data'))
    symlinkSync('data/tokens.csv', path('mounted.csv'))
    const authenticator = createAuthenticator({ tokenFile: path('mounted.csv') })
    assert.equal(await whoHas(authenticator, 'one'), 'jane')
    symlinkSync('v1', path('data.new'))
    renameSync(path('data.new'), path('data'))
    await becomes(authenticator, 'two', 'jane')
  },
)

await check('roles are read from a folder', async () => {
  mkdirSync(path('rbac'))
  write('rbac/all.yaml', RBAC)
  const authorizer = rbacAt(path('rbac'))
  assert.equal(typeof authorizer.authorize, 'function')
  authorizer.close()
})

await check('a server is called whose certificate the given authority signed', async () => {
  const seen = await call({ caFile: path('ca.crt') })
  assert.equal(seen.client, '')
})

for (const { name, ...transport } of [
  { name: 'without that authority' },
  { name: 'with another authority only', caFile: path('other-ca.crt') },
  { name: 'under another name', caFile: path('ca.crt'), serverName: 'elsewhere.example.com' },
]) {
  await check(`no server is called ${name}`, async () => {
    await assert.rejects(call(transport))
  })
}

await check('a server is called under its own name, whatever the address', async () => {
  await call({ caFile: path('ca.crt'), serverName: 'localhost' })
})

await check('any server is called with insecureSkipTlsVerify', async () => {
  await call({ insecureSkipTlsVerify: true })
})

await check('a client certificate is shown', async () => {
  const files = { certFile: path('client.crt'), keyFile: path('client.key') }
  const seen = await call({ caFile: path('ca.crt'), ...files })
  assert.equal(seen.client, tellsPeerCertificates ? 'webhook-client' : 'somebody')
})

await check('a proxy is called instead of the server', async () => {
  const asked = []
  const proxy = createServer((socket) => {
    socket.on('error', () => {})
    socket.once('data', (bytes) => {
      asked.push(String(bytes).split('\r\n', 1)[0])
      socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n')
    })
  })
  await new Promise((resolve) => proxy.listen(0, '127.0.0.1', resolve))
  const proxyUrl = `http://127.0.0.1:${proxy.address().port}`
  await assert.rejects(call({ caFile: path('ca.crt'), proxyUrl }))
  assert.deepEqual(asked, [`CONNECT 127.0.0.1:${upstream.port} HTTP/1.1`])
  proxy.close()
})

await check('no redirect is followed', async () => {
  const fetch = createFetch({ caFile: path('ca.crt') })
  assert.equal((await fetch(`${origin}/moved`)).status, 302)
  fetch.close()
})

await check('an answer without an end is cut off, and none is not waited for', async () => {
  const options = { maxBytes: 100_000, timeoutSeconds: 1 }
  const fetch = createFetch({ caFile: path('ca.crt') }, options)
  await assert.rejects(fetch(`${origin}/endless`).then((response) => response.text()))
  await assert.rejects(fetch(`${origin}/silent`))
  fetch.close()
})

await check('a token webhook is asked as its kubeconfig says', async () => {
  const kubeconfig = write(
    'webhook.kubeconfig',
    `apiVersion: v1
kind: Config
clusters: [{ name: w, cluster: { server: '${origin}/review', certificate-authority: ca.crt } }]
users: [{ name: u, user: { client-certificate: client.crt, client-key: client.key } }]
contexts: [{ name: c, context: { cluster: w, user: u } }]
current-context: c
`,
  )
  const tokens = webhookAuthenticatorAt(kubeconfig)
  assert.equal((await tokens.authenticateToken('good', {}))?.user.username, 'jane')
  assert.equal(await tokens.authenticateToken('bad', {}), undefined)
  tokens.close()
})

await check('an issuer is believed over its own authority', async () => {
  const issuer = await createIssuer()
  const listening = await listen(issuer, { pki })
  const oidc = { issuer: issuer.url, audience: 'app', usernamePrefix: '', caFile: path('ca.crt') }
  const authenticator = createAuthenticator({ oidc })
  const token = await issuer.sign({ aud: 'app', sub: 'jane' })
  await becomes(authenticator, token, 'jane')
  await listening.close()
})

upstream.stop()
rmSync(scratch, { recursive: true, force: true })
end()

async function call(transport) {
  const fetch = createFetch(transport)
  try {
    const response = await fetch(origin)
    assert.equal(response.status, 200)
    return await response.json()
  } finally {
    fetch.close()
  }
}

/** The user of a token, or the code of the refusal. */
async function whoHas(authenticator, token) {
  const headers = { authorization: `Bearer ${token}` }
  const outcome = await authenticateRequest(authenticator)(
    fetchRequest(new Request('https://app.example.com/', { headers })),
  )
  return outcome.authentication?.user.username ?? outcome.failure?.cause?.code
}

/** Waits until this is the user of a token. */
async function becomes(authenticator, token, wanted) {
  await eventually(
    () => whoHas(authenticator, token),
    (username) => username === wanted,
  )
}
