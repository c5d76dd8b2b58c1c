import { request, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { createIssuer, createPki } from '@kube-authn/testing'
import { listen } from '@kube-authn/testing/node'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { bearer, recipe } from './recipe.ts'

const pki = await createPki()
const operatorsCA = await createPki({ commonName: 'operators CA' })
const certificate = await pki.issueServer({ hosts: ['localhost', '127.0.0.1'] })
const clark = await operatorsCA.issueClient({ commonName: 'clark' })
const customer = await pki.issueClient({ commonName: 'clark' })
const issuer = await createIssuer({ signingAlgorithms: ['ES256'] })
const issuerServer = await listen(issuer, { pki })

const { load } = recipe('routers', {
  files: {
    'operators-ca.crt': operatorsCA.caPem,
    'issuer-ca.crt': issuerServer.caPem,
    'server.crt': certificate.chainPem,
    'server.key': certificate.privateKeyPem,
  },
  replace: { "issuer: 'https://issuer.example.com'": `caFile: 'issuer-ca.crt', issuer: '${issuer.url}'` },
})
const { server } = await load<{ server: Server }>('app.ts')
beforeAll(() => new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve)))
afterAll(async () => {
  server.close()
  server.closeAllConnections()
  await issuerServer.close()
})

function ask(path: string, headers: Record<string, string>, client?: typeof clark): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const { port } = server.address() as AddressInfo
    const identity = client && { cert: client.chainPem, key: client.privateKeyPem }
    const options = { host: '127.0.0.1', port, path, headers, ca: pki.caPem, agent: false as const }
    const call = request({ ...options, ...identity }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (part: string) => (text += part))
      response.on('end', () => resolve(response.statusCode === 200 ? JSON.parse(text) : response.statusCode))
    })
    call.on('error', reject)
    call.end()
  })
}

it('accepts each credential where it belongs, and nowhere else', async () => {
  const token = bearer(await issuer.sign({ aud: 'my-app', sub: 'jane' }))
  await vi.waitFor(async () => expect(await ask('/api', token)).toEqual({ customer: 'oidc:jane' }))
  await expect(ask('/admin', {}, clark)).resolves.toEqual({ admin: 'clark' })
  await expect(ask('/admin', token)).resolves.toBe(401)
  await expect(ask('/admin', token, customer)).resolves.toBe(401)
  await expect(ask('/api', {}, clark)).resolves.toBe(401)
  await expect(ask('/api', {})).resolves.toBe(401)
  // Both at once: each router sees its own.
  await expect(ask('/api', token, clark)).resolves.toEqual({ customer: 'oidc:jane' })
  await expect(ask('/admin', token, clark)).resolves.toEqual({ admin: 'clark' })
})

it('has routes that work without a user, but not with a wrong token', async () => {
  const token = bearer(await issuer.sign({ aud: 'my-app', sub: 'jane' }))
  const other = bearer(await issuer.sign({ aud: 'another-app', sub: 'jane' }))
  await vi.waitFor(async () => expect(await ask('/offers', token)).toEqual({ for: 'oidc:jane' }))
  await expect(ask('/offers', {})).resolves.toEqual({ for: 'system:anonymous' })
  await expect(ask('/offers', other)).resolves.toBe(401)
  await expect(ask('/offers', bearer('guess'))).resolves.toBe(401)
})
