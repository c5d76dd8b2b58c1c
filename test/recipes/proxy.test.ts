import { readFileSync } from 'node:fs'
import { type Agent, request, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { createPki } from '@kube-authn/testing'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { recipe } from './recipe.ts'

const serverCA = await createPki()
const proxyCA = await createPki({ commonName: 'front-proxy CA' })
const certificate = await serverCA.issueServer({ hosts: ['localhost', '127.0.0.1'] })
const proxy = await proxyCA.issueClient({ commonName: 'front-proxy' })
const stranger = await proxyCA.issueClient({ commonName: 'stranger' })
const ofAnotherCA = await serverCA.issueClient({ commonName: 'front-proxy' })

const { load, folder } = recipe('proxy', {
  files: {
    'front-proxy-ca.crt': proxyCA.caPem,
    'server.crt': certificate.chainPem,
    'server.key': certificate.privateKeyPem,
    'tokens.csv': 'secret,robot,9\n',
  },
})
const { server } = await load<{ server: Server }>('app.ts')
beforeAll(() => new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve)))
afterAll(() => {
  server.close()
  server.closeAllConnections()
})

interface Answer {
  readonly status: number
  readonly body: Readonly<Record<string, unknown>>
}

function ask(headers: Record<string, string | string[]>, client?: typeof proxy): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { port } = server.address() as AddressInfo
    const identity = client && { cert: client.chainPem, key: client.privateKeyPem }
    const options = { host: '127.0.0.1', port, path: '/whoami', headers, ca: serverCA.caPem, ...identity }
    const call = request({ ...options, agent: false satisfies Agent | false }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (part: string) => (text += part))
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, body: JSON.parse(text) as Answer['body'] }),
      )
    })
    call.on('error', reject)
    call.end()
  })
}

const fido = { 'x-remote-user': 'fido', 'x-remote-group': ['dogs', 'dachshunds'] }

it('knows the user that the proxy names', async () => {
  const { status, body } = await ask({ ...fido, 'x-forwarded-for': '203.0.113.7' }, proxy)
  expect(status).toBe(200)
  expect(body).toEqual({
    username: 'fido',
    groups: ['dogs', 'dachshunds', 'system:authenticated'],
    ip: '203.0.113.7',
  })
})

it.each([
  ['without a certificate', undefined],
  ['with a certificate of another name', stranger],
  ['with a certificate of another CA', ofAnotherCA],
])('refuses a user that a client %s names', async (_title, client) => {
  expect((await ask(fido, client)).status).toBe(401)
  const { body } = await ask({ ...fido, authorization: 'Bearer secret' }, client)
  expect(body).toMatchObject({ username: 'robot', groups: ['system:authenticated'] })
})

it('drops addresses that the client claims, for the app and in the audit log', async () => {
  const forwarded = '198.51.100.1, 203.0.113.9'
  const { body } = await ask({ ...fido, 'x-forwarded-for': forwarded, 'audit-id': 'claims' }, proxy)
  expect(body['ip']).toBe('203.0.113.9')
  const events = readFileSync(`${folder}/audit.log`, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { auditID: string; sourceIPs: string[]; user: object })
    .filter(({ auditID }) => auditID === 'claims')
  expect(events.length).toBeGreaterThan(0)
  for (const { sourceIPs, user } of events) {
    expect(sourceIPs).toEqual(['203.0.113.9', '127.0.0.1'])
    expect(user).toMatchObject({ username: 'fido' })
  }
})

it('sees the connection if the proxy adds no address', async () => {
  expect((await ask(fido, proxy)).body['ip']).toBe('127.0.0.1')
})
