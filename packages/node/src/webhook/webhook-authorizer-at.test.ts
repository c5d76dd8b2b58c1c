import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type AuthenticationEvent, ConfigurationError, emptyContext } from '@kube-authn/core'
import { type Attributes, attributesOf, decide, type Decision } from '@kube-authn/core/authorization'
import {
  type CertificateAuthority,
  createPki,
  fakeUser,
  fixedClock,
  type IssuedCredential,
} from '@kube-authn/testing'
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { httpsServer, type RunningServer } from '../../test/servers.ts'
import { sha1CaPem, sha1ServerKeyPem, sha1ServerPem } from '../../test/sha1-server.ts'
import { webhookAuthorizerAt } from '../index.ts'
import type { WebhookAuthorizerAtOptions } from './webhooks-at.ts'

let pki: CertificateAuthority
let local: IssuedCredential
let client: IssuedCredential
let folder: string
const open: { close(): void }[] = []

beforeAll(async () => {
  pki = await createPki()
  local = await pki.issueServer({ hosts: ['127.0.0.1'] })
  client = await pki.issueClient({ commonName: 'kube-authn' })
})
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'webhook-authorizer-at-'))
  writeFileSync(join(folder, 'ca.crt'), pki.caPem)
  writeFileSync(join(folder, 'tls.crt'), client.chainPem)
  writeFileSync(join(folder, 'tls.key'), client.privateKeyPem)
  writeFileSync(join(folder, 'token'), 'webhook-token')
})
afterEach(() => {
  for (const each of open.splice(0)) each.close()
  rmSync(folder, { recursive: true, force: true })
})

function kubeconfig(server: string, ca = 'ca.crt'): string {
  const path = join(folder, 'webhook.yaml')
  writeFileSync(
    path,
    [
      `clusters: [{name: authz, cluster: {server: "${server}", certificate-authority: ${ca}}}]`,
      'users: [{name: me, user: {tokenFile: token, client-certificate: tls.crt, client-key: tls.key}}]',
      'contexts: [{name: webhook, context: {cluster: authz, user: me}}]',
      'current-context: webhook',
    ].join('\n'),
  )
  return path
}

function create(path: string, options?: WebhookAuthorizerAtOptions): ReturnType<typeof webhookAuthorizerAt> {
  const authorizer = webhookAuthorizerAt(path, options)
  open.push(authorizer)
  return authorizer
}

const getPods: Attributes = attributesOf(fakeUser({ username: 'jane', uid: '', groups: [] }), {
  verb: 'get',
  apiVersion: 'v1',
  resource: 'pods',
  namespace: 'default',
})

const ask = async (authorizer: ReturnType<typeof webhookAuthorizerAt>): Promise<Decision> =>
  decide(authorizer, getPods, emptyContext)

/** Allows jane to do everything. */
async function webhook(bodies: unknown[] = []): Promise<RunningServer> {
  return httpsServer(local, (request: IncomingMessage, response: ServerResponse) => {
    let text = ''
    request.on('data', (part: Buffer) => (text += part.toString()))
    request.on('end', () => {
      const body = JSON.parse(text) as { spec: { user: string } }
      bodies.push(body)
      response.end(JSON.stringify({ status: { allowed: body.spec.user === 'jane', reason: 'because' } }))
    })
  })
}

describe('webhookAuthorizerAt', () => {
  it('asks the service with the credentials of the kubeconfig', async () => {
    const bodies: unknown[] = []
    const server = await webhook(bodies)
    const authorizer = create(kubeconfig(`${server.url}/authorize`))
    expect(await ask(authorizer)).toMatchObject({ verdict: 'allow', reason: 'because' })
    expect(bodies).toEqual([
      {
        apiVersion: 'authorization.k8s.io/v1',
        kind: 'SubjectAccessReview',
        spec: {
          resourceAttributes: { namespace: 'default', verb: 'get', version: 'v1', resource: 'pods' },
          user: 'jane',
        },
      },
    ])
    const [request] = server.requests
    expect([request?.method, request?.url]).toEqual(['POST', '/authorize'])
    expect(request?.headers).toMatchObject({
      authorization: 'Bearer webhook-token',
      'content-type': 'application/json',
    })
    expect(server.connections.map((each) => each.client)).toEqual(['kube-authn'])
  })

  it('remembers what it was told, by the defaults of kube-apiserver', async () => {
    const server = await webhook()
    const clock = fixedClock()
    const authorizer = create(kubeconfig(server.url), { clock })
    await ask(authorizer)
    clock.advance(299_999)
    await ask(authorizer)
    expect(server.requests).toHaveLength(1)
    clock.advance(1)
    await ask(authorizer)
    expect(server.requests).toHaveLength(2)
  })

  it('allows nothing when the service is an impostor', async () => {
    const server = await webhook()
    const other = await createPki()
    writeFileSync(join(folder, 'other.crt'), other.caPem)
    const decision = await ask(create(kubeconfig(server.url, 'other.crt')))
    expect(decision).toMatchObject({ verdict: 'noOpinion' })
    expect(decision.error?.message).toBe('the authorization webhook could not be reached')
    expect(await ask(create(kubeconfig(server.url, 'other.crt'), { failurePolicy: 'deny' }))).toMatchObject({
      verdict: 'deny',
    })
    expect(server.requests).toHaveLength(0)
  })

  it('does not follow the service elsewhere', async () => {
    const target = await webhook()
    const server = await httpsServer(local, (_, response) => {
      response.writeHead(307, { location: target.url }).end()
    })
    const decision = await ask(create(kubeconfig(server.url)))
    expect(decision).toMatchObject({ verdict: 'noOpinion' })
    expect(decision.error?.message).toMatch(/HTTP status 307, a redirect/)
    expect(target.requests).toHaveLength(0)
  })

  it.each<[string, (response: ServerResponse) => unknown, string, number]>([
    ['asks again after a failure', (response) => response.writeHead(500).end(), 'allow', 2],
    ['does not ask again after the end of a connection', ({ socket }) => socket?.destroy(), 'noOpinion', 1],
  ])('%s', async (_, fail, verdict, count) => {
    const server = await httpsServer(local, (_request, response) => {
      if (server.requests.length === 1) fail(response)
      else response.end(JSON.stringify({ status: { allowed: true } }))
    })
    const authorizer = create(kubeconfig(server.url), { initialBackoffSeconds: 0.01 })
    expect(await ask(authorizer)).toMatchObject({ verdict })
    expect(server.requests).toHaveLength(count)
  })

  it('gives up on a service that does not answer, and on one that says too much', async () => {
    const silent = await httpsServer(local, () => {})
    const clock = fixedClock()
    const waiting = ask(create(kubeconfig(silent.url), { clock }))
    await vi.waitFor(() => expect(silent.requests).toHaveLength(1))
    await clock.advanceAsync(30_000)
    expect(await waiting).toMatchObject({ verdict: 'noOpinion' })

    const chatty = await httpsServer(local, (_, response) => response.end('x'.repeat(2000)))
    const decision = await ask(create(kubeconfig(chatty.url), { maxBytes: 1000 }))
    expect(decision).toMatchObject({ verdict: 'noOpinion' })
    expect(decision.error).toBeDefined()
  })

  it.each<[string, () => string, WebhookAuthorizerAtOptions, RegExp]>([
    ['plain HTTP', () => kubeconfig('http://127.0.0.1'), {}, /server: .*must be an https URL/],
    ['a missing CA', () => kubeconfig('https://127.0.0.1', 'missing'), {}, /certificate-authority: /],
    [
      'a missing context',
      () => kubeconfig('https://127.0.0.1'),
      { context: 'other' },
      /context was not found/,
    ],
    ['an option that cannot be', () => kubeconfig('https://127.0.0.1'), { maxAttempts: 0 }, /maxAttempts/],
  ])('refuses %s at construction', (_, path, options, expected) => {
    const make = (): unknown => create(path(), options)
    expect(make).toThrow(ConfigurationError)
    expect(make).toThrow(expected)
  })
})

describe('a server that is not trusted for an old kind of certificate', () => {
  async function told(server: string, caPem = pki.caPem): Promise<readonly string[]> {
    writeFileSync(join(folder, 'other-ca.crt'), caPem)
    const events: string[] = []
    const observer = (event: AuthenticationEvent): void => {
      if (event.type === 'serverCertificate') events.push(event.problem)
    }
    const authorizer = create(kubeconfig(server, 'other-ca.crt'))
    expect(await decide(authorizer, getPods, { observer })).toMatchObject({ verdict: 'noOpinion' })
    return events
  }

  it('is told of where it has no alternative names', async () => {
    const { url } = await httpsServer(await pki.issueServer({ hosts: [], commonName: '127.0.0.1' }))
    expect(await told(url)).toEqual(['missingSan'])
  })

  it('is told of where its certificate is signed with SHA-1', async () => {
    // At the default security level the server itself would reject it.
    const server = createServer({ cert: sha1ServerPem, key: sha1ServerKeyPem, ciphers: 'DEFAULT@SECLEVEL=0' })
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
    open.push({ close: () => void server.close() })
    const { port } = server.address() as AddressInfo
    expect(await told(`https://127.0.0.1:${port}`, sha1CaPem)).toEqual(['insecureSha1'])
  })

  it.each([
    ['expired', { hosts: ['127.0.0.1'], wrong: 'expired' } as const],
    ['for another host', { hosts: ['other.example'] }],
  ])('is not told of where its certificate is %s', async (_, options) => {
    const { url } = await httpsServer(await pki.issueServer(options))
    expect(await told(url)).toEqual([])
  })
})
