import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  AuthenticationError,
  ConfigurationError,
  emptyContext,
  type TokenAuthenticator,
} from '@kube-authn/core'
import { type CertificateAuthority, createPki, fixedClock, type IssuedCredential } from '@kube-authn/testing'
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { httpsServer } from '../../test/servers.ts'
import { reviewsFor } from '../../test/token-reviews.ts'
import { webhookAuthenticatorAt } from '../index.ts'
import type { WebhookAuthenticatorAtOptions } from './webhooks-at.ts'

let pki: CertificateAuthority
let local: IssuedCredential
let client: IssuedCredential
let folder: string
const open: { close(): void }[] = []

beforeAll(async () => {
  pki = await createPki()
  local = await pki.issueServer({ hosts: ['127.0.0.1'] })
  client = await pki.issueClient({ commonName: 'name-of-api-server' })
})
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'webhook-authenticator-at-'))
  writeFileSync(join(folder, 'ca.pem'), pki.caPem)
  writeFileSync(join(folder, 'cert.pem'), client.chainPem)
  writeFileSync(join(folder, 'key.pem'), client.privateKeyPem)
})
afterEach(() => {
  for (const each of open.splice(0)) each.close()
  rmSync(folder, { recursive: true, force: true })
})

/** The example of the Kubernetes documentation, with existing files and server. */
function documented(server: string): string {
  return `# Kubernetes API version
apiVersion: v1
# kind of the API object
kind: Config
# clusters refers to the remote service.
clusters:
  - name: name-of-remote-authn-service
    cluster:
      certificate-authority: ${folder}/ca.pem         # CA for verifying the remote service.
      server: ${server}/authenticate # URL of remote service to query. 'https' recommended for production.

# users refers to the API server's webhook configuration.
users:
  - name: name-of-api-server
    user:
      client-certificate: ${folder}/cert.pem # cert for the webhook plugin to use
      client-key: ${folder}/key.pem          # key matching the cert

# kubeconfig files require a context. Provide one for the API server.
current-context: webhook
contexts:
- context:
    cluster: name-of-remote-authn-service
    user: name-of-api-server
  name: webhook
`
}

function create(kubeconfig: string, options?: WebhookAuthenticatorAtOptions): TokenAuthenticator {
  const path = join(folder, 'webhook.kubeconfig')
  writeFileSync(path, kubeconfig)
  const authenticator = webhookAuthenticatorAt(path, options)
  open.push(authenticator)
  return authenticator
}

async function ask(authenticator: TokenAuthenticator, token: string): Promise<string | undefined> {
  try {
    const answer = await authenticator.authenticateToken(token, emptyContext)
    return answer?.user.username
  } catch (error) {
    if (error instanceof AuthenticationError) return `${error.code}: ${error.message}`
    throw error
  }
}

describe('webhookAuthenticatorAt', () => {
  it('takes the kubeconfig of the Kubernetes documentation', async () => {
    const webhook = reviewsFor({ 'jane-token': 'jane' })
    const server = await httpsServer(local, webhook.listener)
    const authenticator = create(documented(server.url), { version: 'v1beta1' })
    expect(await ask(authenticator, 'jane-token')).toBe('jane')
    expect(await ask(authenticator, 'other-token')).toBeUndefined()
    expect(webhook.bodies[0]).toEqual({
      apiVersion: 'authentication.k8s.io/v1beta1',
      kind: 'TokenReview',
      spec: { token: 'jane-token' },
    })
    const [request] = server.requests
    expect([request?.method, request?.url]).toEqual(['POST', '/authenticate?timeout=30s'])
    expect(new Set(server.connections.map((each) => each.client))).toEqual(new Set(['name-of-api-server']))
  })

  it('takes the one of Kubernetes 1.6 with its mistake where that is allowed, and shows no certificate', async () => {
    const webhook = reviewsFor({ 'jane-token': 'jane' })
    const server = await httpsServer(local, webhook.listener)
    const mistaken = documented(server.url).replace('user: name-of-api-server', 'user: name-of-api-sever')
    expect(() => create(mistaken)).toThrow(/there is no user "name-of-api-sever"/)
    expect(await ask(create(mistaken, { allowMissingUser: true }), 'jane-token')).toBe('jane')
    expect(server.connections.map((each) => each.client)).toEqual([undefined])
  })

  it('sends the token of the kubeconfig, and repeats it in no error', async () => {
    writeFileSync(join(folder, 'own-token'), 'kubeconfig-secret\n')
    const server = await httpsServer(local, (request, response) => {
      response
        .writeHead(403, { 'content-type': 'text/plain' })
        .end(`who is ${request.headers.authorization}?`)
    })
    const kubeconfig = documented(server.url).replace(
      / {6}client-certificate.*\n.*client-key.*\n/,
      '      tokenFile: own-token\n',
    )
    const authenticator = create(kubeconfig)
    expect(await ask(authenticator, 'jane-token')).toBe('unavailable: who is Bearer [hidden]?')
    expect(server.requests[0]?.headers.authorization).toBe('Bearer kubeconfig-secret')
  })

  it('remembers what it was told, by the defaults of kube-apiserver', async () => {
    const webhook = reviewsFor({ 'jane-token': 'jane' })
    const server = await httpsServer(local, webhook.listener)
    const clock = fixedClock()
    const authenticator = create(documented(server.url), { clock })
    await ask(authenticator, 'jane-token')
    clock.advance(119_999)
    await ask(authenticator, 'jane-token')
    expect(server.requests).toHaveLength(1)
    clock.advance(1)
    await ask(authenticator, 'jane-token')
    expect(server.requests).toHaveLength(2)
  })

  it('authenticates no user by an impostor of the server', async () => {
    const webhook = reviewsFor({ 'jane-token': 'jane' })
    const server = await httpsServer(local, webhook.listener)
    writeFileSync(join(folder, 'ca.pem'), (await createPki()).caPem)
    expect(await ask(create(documented(server.url)), 'jane-token')).toMatch(
      /^unavailable: the token webhook could not be reached: [A-Z_]*SIGNATURE/,
    )
    expect(webhook.bodies).toEqual([])
  })

  it.each<[string, (kubeconfig: string) => string, WebhookAuthenticatorAtOptions, RegExp]>([
    ['plain HTTP', (text) => text.replace('https:', 'http:'), {}, /server: .*must be an https URL/],
    [
      'the slip of the 1.6 documentation',
      (text) => text.replace('user: name-of-api-server', 'user: name-of-api-sever'),
      {},
      /there is no user "name-of-api-sever"; the users are "name-of-api-server"/,
    ],
    [
      'a missing CA',
      (text) => text.replace('ca.pem', 'missing.pem'),
      {},
      /certificate-authority: .*missing.pem/,
    ],
    ['a missing context', (text) => text, { context: 'other' }, /context was not found/],
    [
      'a version that there is not',
      (text) => text,
      { version: 'v2' as 'v1' },
      /unsupported authentication webhook version "v2"/,
    ],
    [
      'a plug-in',
      (text) => text.replace('client-key: ', 'exec: {command: x} # '),
      {},
      /plug-ins are not supported/,
    ],
  ])('refuses %s at construction', (_, changed, options, expected) => {
    const make = (): unknown => create(changed(documented('https://127.0.0.1')), options)
    expect(make).toThrow(ConfigurationError)
    expect(make).toThrow(expected)
  })
})
