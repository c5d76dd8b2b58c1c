import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { authenticateRequest } from '@kube-authn/core/adapter'
import { ConfigurationError } from '@kube-authn/core'
import { auditLog, type AuditDeliveryError } from '@kube-authn/audit'
import {
  always,
  type CertificateAuthority,
  createPki,
  fakeAuthenticator,
  fakeRequest,
  fakeUser,
  type IssuedCredential,
} from '@kube-authn/testing'
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { httpServer, httpsServer } from '../../test/servers.ts'
import { auditWebhookAt } from './audit-webhook-at.ts'
import type { AuditWebhookAtOptions } from './audit-webhook-at.ts'

let pki: CertificateAuthority
let local: IssuedCredential
let client: IssuedCredential
let folder: string

beforeAll(async () => {
  pki = await createPki()
  local = await pki.issueServer({ hosts: ['127.0.0.1'] })
  client = await pki.issueClient({ commonName: 'kube-authn' })
})
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'audit-webhook-at-'))
  writeFileSync(join(folder, 'ca.crt'), pki.caPem)
  writeFileSync(join(folder, 'tls.crt'), client.chainPem)
  writeFileSync(join(folder, 'tls.key'), client.privateKeyPem)
  writeFileSync(join(folder, 'token'), 'webhook-token')
})
afterEach(() => {
  rmSync(folder, { recursive: true, force: true })
})

function kubeconfig(server: string, ca = 'ca.crt'): string {
  const path = join(folder, 'webhook.yaml')
  const authority = server.startsWith('https') ? `, certificate-authority: ${ca}` : ''
  const certificate = authority && ', client-certificate: tls.crt, client-key: tls.key'
  writeFileSync(
    path,
    [
      `clusters: [{name: audit, cluster: {server: "${server}"${authority}}}]`,
      `users: [{name: me, user: {tokenFile: token${certificate}}}]`,
      'contexts: [{name: webhook, context: {cluster: audit, user: me}}]',
      'current-context: webhook',
    ].join('\n'),
  )
  return path
}

interface EventList {
  readonly kind: string
  readonly items: readonly { readonly stage: string; readonly user: { readonly username: string } }[]
}

/** Records what it receives, after the given number of failures. */
function keeping(lists: EventList[], failures = 0) {
  let left = failures
  return (request: IncomingMessage, response: ServerResponse): void => {
    let text = ''
    request.on('data', (part: Buffer) => (text += part.toString()))
    request.on('end', () => {
      if (left-- > 0) {
        response.writeHead(500).end('who is Bearer webhook-token?')
        return
      }
      lists.push(JSON.parse(text) as EventList)
      response.end()
    })
  }
}

/** Logs requests of jane, and how they ended. */
async function logRequests(write: ReturnType<typeof auditWebhookAt>['write'], count: number): Promise<void> {
  const observer = auditLog({ write })
  const authenticate = authenticateRequest(fakeAuthenticator(always(fakeUser({ username: 'jane' }))), {
    observer,
  })
  for (let index = 0; index < count; index++) {
    const request = fakeRequest()
    await authenticate(request)
    observer({ type: 'response', request, status: 200 })
  }
}

describe('auditWebhookAt', () => {
  it('sends events with the credentials of the kubeconfig, and what is left when it is closed', async () => {
    const lists: EventList[] = []
    const server = await httpsServer(local, keeping(lists))
    const { write, close } = auditWebhookAt(kubeconfig(`${server.url}/events`), { maxBatchSize: 4 })
    await logRequests(write, 3)
    await vi.waitFor(() => expect(lists).toHaveLength(1))
    await close()
    expect(lists.map(({ kind, items }) => [kind, items.length])).toEqual([
      ['EventList', 4],
      ['EventList', 2],
    ])
    expect(lists[0]?.items[0]).toMatchObject({ stage: 'RequestReceived', user: { username: 'jane' } })
    const [request] = server.requests
    expect([request?.method, request?.url]).toEqual(['POST', '/events'])
    expect(request?.headers).toMatchObject({
      authorization: 'Bearer webhook-token',
      'content-type': 'application/json',
    })
    expect(server.connections[0]?.client).toBe('kube-authn')
  })

  it('sends again what was not taken', async () => {
    const lists: EventList[] = []
    const server = await httpsServer(local, keeping(lists, 2))
    const { write, close } = auditWebhookAt(kubeconfig(server.url), {
      maxBatchSize: 2,
      initialBackoffSeconds: 0.01,
      onError: (error) => expect.unreachable(error.message),
    })
    await logRequests(write, 1)
    await vi.waitFor(() => expect(lists).toHaveLength(1))
    expect(server.requests).toHaveLength(3)
    await close()
  })

  it('reports events lost to an impostor of the service, without a credential', async () => {
    const lists: EventList[] = []
    const server = await httpsServer(local, keeping(lists))
    const other = await createPki()
    writeFileSync(join(folder, 'other.crt'), other.caPem)
    const errors: AuditDeliveryError[] = []
    const { write, close } = auditWebhookAt(kubeconfig(server.url, 'other.crt'), {
      onError: (error) => errors.push(error),
    })
    await logRequests(write, 1)
    await close()
    expect(errors.map(({ code, lostEvents }) => [code, lostEvents])).toEqual([['undelivered', 2]])
    expect(errors[0]?.message).toMatch(
      /^2 audit events were lost: the audit webhook could not be reached: [A-Z_]*SIGNATURE/,
    )
    expect(lists).toEqual([])
  })

  it('warns once where nothing else is told', async () => {
    const emitWarning = vi.spyOn(process, 'emitWarning').mockImplementation(() => {})
    const server = await httpsServer(local, keeping([], Infinity))
    const path = kubeconfig(server.url)
    const { write, close } = auditWebhookAt(path, { maxAttempts: 1, maxBatchSize: 2 })
    await logRequests(write, 2)
    // Issuers of other tests in this process may warn too.
    const warnings = (): readonly unknown[] =>
      emitWarning.mock.calls.filter((call) => !JSON.stringify(call).includes('KUBE_AUTHN_ISSUER'))
    await vi.waitFor(() => expect(warnings()).not.toEqual([]))
    await close()
    expect(warnings()).toEqual([
      [
        `${path}: 2 audit events were lost: the audit webhook answered with HTTP status 500`,
        { code: 'KUBE_AUTHN_AUDIT' },
      ],
    ])
  })

  it('uses plain HTTP where it is told that it may', async () => {
    const lists: EventList[] = []
    const server = await httpServer(keeping(lists))
    const { write, close } = auditWebhookAt(kubeconfig(server.url), { allowInsecureHttp: true })
    await logRequests(write, 1)
    await close()
    expect(lists).toHaveLength(1)
  })

  it.each<[string, () => string, AuditWebhookAtOptions, RegExp]>([
    ['plain HTTP', () => kubeconfig('http://127.0.0.1'), {}, /server: .*must be an https URL/],
    ['a missing CA', () => kubeconfig('https://127.0.0.1', 'missing'), {}, /certificate-authority: /],
    ['an option that cannot be', () => kubeconfig('https://127.0.0.1'), { bufferSize: 0 }, /bufferSize/],
  ])('refuses %s at construction', (_, path, options, expected) => {
    const make = (): unknown => auditWebhookAt(path(), options)
    expect(make).toThrow(ConfigurationError)
    expect(make).toThrow(expected)
  })
})
