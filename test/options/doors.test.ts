import { EventEmitter, once } from 'node:events'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { authenticatorChain, type Observer, type UserInfo } from '@kube-authn/core'
import { type AuditEvent, auditLog, type AuditLogOptions } from '@kube-authn/audit'
import { parseRbac, rbac } from '@kube-authn/core/authorization'
import { tokenFile } from '@kube-authn/core/token-file'
import { authentication, authorization, getUser, impersonation } from '@kube-authn/express'
import { authenticateUpgrade } from '@kube-authn/node'
import { impersonatingProxy } from '@kube-authn/proxy'
import express from 'express'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const TOKENS =
  'jane-t,jane,1,devs\nops-t,otto,2,"devs,ops"\nroot-t,root,3,"system:masters,ops"\nmallory-t,mallory,4\n'
const chain = authenticatorChain({ tokens: [tokenFile(TOKENS)] })
const policy = rbac(
  parseRbac(
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'List',
      items: [
        {
          apiVersion: 'rbac.authorization.k8s.io/v1',
          kind: 'ClusterRole',
          metadata: { name: 'devs' },
          rules: [
            {
              apiGroups: [''],
              resources: ['configmaps', 'pods', 'pods/log'],
              verbs: ['get', 'list', 'watch'],
            },
            {
              apiGroups: [''],
              resources: ['pods/exec', 'pods/attach', 'services/proxy'],
              verbs: ['get', 'create'],
            },
            { apiGroups: [''], resources: ['users'], resourceNames: ['joe'], verbs: ['impersonate'] },
            { nonResourceURLs: ['/healthz', '/chat'], verbs: ['*'] },
          ],
        },
        {
          apiVersion: 'rbac.authorization.k8s.io/v1',
          kind: 'ClusterRoleBinding',
          metadata: { name: 'devs' },
          roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'devs' },
          subjects: ['devs', 'system:masters'].map((name) => ({
            apiGroup: 'rbac.authorization.k8s.io',
            kind: 'Group',
            name,
          })),
        },
      ],
    }),
  ),
)

/** The guard of both doors: config maps are for ops only. */
const isGuarded = ({ url = '' }: { readonly url?: string | undefined }, { groups }: UserInfo): boolean =>
  groups.includes('ops') || !url.includes('configmaps')
/** The limit of both doors. */
const isLimited = ({ headers }: Pick<IncomingMessage, 'headers'>): boolean => headers['x-flood'] !== undefined

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'QUERY']
const PODS = '/api/v1/namespaces/shop/pods'
const PATHS = [
  '/',
  '/chat',
  '/healthz',
  '/api',
  '/api/v1/namespaces/kube-system/secrets',
  '/api/v1/secrets?watch=true',
  '/api/v1/configmaps',
  '/api/v1/configmaps?watch=1',
  '/api/v1/watch/configmaps',
  PODS,
  `${PODS}?watch=true`,
  `${PODS}?watch=0`,
  `${PODS}/web`,
  `${PODS}/web/log?follow=true`,
  `${PODS}/web/exec?command=sh`,
  `${PODS}/web/attach`,
  `${PODS}/web/portforward`,
  `${PODS}/web/proxy/exec`,
  `${PODS}/web%2fexec`,
  `${PODS}/web/./exec`,
  `${PODS}/web/..%2fexec`,
  '/api/v1/namespaces/shop/services/web/proxy/',
  '/api/v1/nodes/one/proxy/configz',
  '/apis/apps/v1/namespaces/shop/pods/web/exec',
  '//api/v1/namespaces/kube-system/secrets',
  '/API/v1/namespaces/shop/secrets',
]
/** A credential of upgrades only: a request has the same token in a header. */
const SUBPROTOCOL = `Sec-WebSocket-Protocol: base64url.bearer.authorization.k8s.io.${Buffer.from('ops-t').toString('base64url')}, v5.channel.k8s.io`
const IDENTITIES = [
  '',
  'Authorization: Bearer wrong',
  'Authorization: Bearer mallory-t',
  'Authorization: Bearer jane-t',
  'Authorization: Bearer ops-t',
  'Authorization: Bearer root-t',
  'Authorization: Bearer jane-t\r\nImpersonate-User: joe',
  'Authorization: Bearer jane-t\r\nImpersonate-User: root',
  'Authorization: Bearer jane-t\r\nImpersonate-Group: system:masters',
  'Authorization: Bearer jane-t\r\nImpersonate_User: root',
  'Authorization: Bearer jane-t\r\nX-Remote-User: root\r\nX-Remote-Group: system:masters',
  'Authorization: Bearer ops-t\r\nX-Flood: 1',
  SUBPROTOCOL,
]
const UPGRADES = [
  'Connection: Upgrade\r\nUpgrade: websocket',
  'Connection: Upgrade\r\nUpgrade: SPDY/3.1',
  'connection: keep-alive, UPGRADE\r\nupgrade: WebSocket',
  'CONNECTION: upgrade\r\nUPGRADE: spdy/3.1',
  'Connection: keep-alive\r\nConnection: Upgrade\r\nUpgrade: websocket',
  'Connection: Upgrade, Authorization\r\nUpgrade: websocket',
  'Connection: Upgrade\r\nUpgrade: websocket, h2c',
  'Connection: Upgrade\r\nUpgrade: websocket\r\nUpgrade: SPDY/3.1',
  'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__',
  'Connection: Upgrade\r\nUpgrade: TLS/1.0',
  'Connection: Upgrade, close\r\nUpgrade:',
]

/** A request, as it is sent. The id is its `Audit-ID`, which names it in events and at the upstream. */
interface Sent {
  readonly id: string
  readonly bytes: string
}

/** The same request without an upgrade and with one. */
interface Case {
  readonly what: string
  readonly plain: Sent
  readonly asked: Sent
}

/** Every path and identity by GET, and every path by the other methods, each with one way to ask for an upgrade. */
function cases(prefix: string): readonly Case[] {
  const asked = METHODS.flatMap((method) =>
    PATHS.flatMap((path, index) => {
      const identities = method === 'GET' ? IDENTITIES : [IDENTITIES[3 + (index % 3)] ?? '']
      return identities.map((identity) => ({ line: `${method} ${prefix}${path} HTTP/1.1`, identity }))
    }),
  )
  return asked.map(({ line, identity }, index) => {
    const upgrade = UPGRADES[index % UPGRADES.length] ?? ''
    const head = (auditId: string, own: string): string =>
      `${line}\r\nHost: a\r\nAudit-ID: ${auditId}\r\n${own === '' ? '' : `${own}\r\n`}`
    const plain = identity === SUBPROTOCOL ? 'Authorization: Bearer ops-t' : identity
    return {
      what: `${line}\r\n${identity}\r\n${upgrade}`,
      plain: { id: `plain-${index}`, bytes: `${head(`plain-${index}`, plain)}Connection: close\r\n\r\n` },
      asked: {
        id: `asked-${index}`,
        bytes: `${head(`asked-${index}`, identity)}Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n${upgrade}\r\n\r\n`,
      },
    }
  })
}

/** Runs through all cases, some at a time. */
async function each(all: readonly Case[], run: (one: Case) => Promise<void>): Promise<void> {
  const rest = [...all]
  const worker = async (): Promise<void> => {
    for (let one = rest.pop(); one !== undefined; one = rest.pop()) await run(one)
  }
  await Promise.all(Array.from({ length: 16 }, worker))
}

/** Sends bytes. Returns the status of the response, and all of it; of one that switches protocols its head. */
async function send(
  port: number,
  bytes: string,
): Promise<{ readonly status: number; readonly text: string }> {
  const socket = connect(port, '127.0.0.1')
  socket.setEncoding('latin1')
  let text = ''
  socket.on('error', () => {})
  socket.on('data', (data: string) => {
    text += data
    // What comes without an upgrade may end by its length only.
    if (text.startsWith('HTTP/1.1 101 ')) socket.destroy()
  })
  socket.write(bytes, 'latin1')
  await once(socket, 'close')
  return { text, status: Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0) }
}

const servers: Server[] = []
afterAll(() => {
  for (const server of servers) server.close().closeAllConnections()
})

async function listening(server: Server): Promise<number> {
  servers.push(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

/** An audit log that is asked by the id of a request. */
function auditTrail(options: Pick<AuditLogOptions, 'prefix'> = {}): {
  readonly observer: Observer
  /** The statuses that it has for a request, once it has one. */
  statuses(id: string): Promise<readonly number[]>
} {
  const byId = new Map<string, number[]>()
  const added = new EventEmitter()
  const write = ({ auditID, stage, responseStatus }: AuditEvent): void => {
    // That a long-running request was allowed is known before its status.
    if (stage === 'RequestReceived' || responseStatus?.code === undefined) return
    byId.set(auditID, [...(byId.get(auditID) ?? []), responseStatus.code])
    added.emit(auditID)
  }
  return {
    observer: auditLog({ ...options, write }),
    async statuses(id) {
      if (!byId.has(id)) await once(added, id)
      return byId.get(id) ?? []
    },
  }
}

describe('the doors of the proxy', () => {
  /** By audit id: what reached an upstream that serves or switches whatever it is asked for. */
  const reached = new Map<string, 'request' | 'upgrade'>()
  const audit = auditTrail({ prefix: '/cluster' })
  let port = 0

  beforeAll(async () => {
    const idOf = ({ headers }: IncomingMessage): string => String(headers['audit-id'])
    const upstream = createServer((message, response) => {
      reached.set(idOf(message), 'request')
      response.setHeader('Audit-ID', idOf(message)).end('SECRET')
    })
    upstream.on('upgrade', (message, socket) => {
      reached.set(idOf(message), 'upgrade')
      const switching = `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${message.headers.upgrade}\r\n\r\n`
      const serving = 'HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nSECRET'
      socket.end(reached.size % 2 === 0 ? switching : serving)
    })
    const upstreamPort = await listening(upstream)
    const proxy = impersonatingProxy({
      authenticator: chain,
      impersonation: policy,
      authorization: policy,
      limit: (message) => !isLimited(message),
      guard: (message, { user }) => isGuarded(message, user),
      upstream: { server: `http://127.0.0.1:${upstreamPort}` },
      allowInsecureHttp: true,
      prefix: '/cluster',
      observer: audit.observer,
      log: false,
    })
    const server = createServer(express().use('/cluster', proxy.express()))
    proxy.attach(server)
    port = await listening(server)
    afterAll(proxy.close)
  })

  it('serve nothing to an upgrade that they refuse to a request, and tell observers of both', async () => {
    const wrong: string[] = []
    const counts = { switched: 0, refused: 0 }
    await each(cases('/cluster'), async ({ what, ...sent }) => {
      const plain = await send(port, sent.plain.bytes)
      const asked = await send(port, sent.asked.bytes)
      const served = reached.get(sent.plain.id)
      const as = reached.get(sent.asked.id)
      // The upstream serves the one who may ask for it, whatever the path: that is its own decision.
      if (as !== undefined && served === undefined) wrong.push(`served as an upgrade only: ${what}`)
      if (as === 'upgrade' && asked.status !== 101 && asked.status !== 502)
        wrong.push(`${asked.status}: ${what}`)
      if (as === 'upgrade' && asked.text.includes('SECRET')) wrong.push(`content: ${what}`)
      if (as === undefined && asked.status < 400) wrong.push(`${asked.status}: ${what}`)
      if (asked.status === 101) counts.switched++
      if (as === undefined) counts.refused++
      // What Node itself refuses is none of the doors.
      if (!/audit-id: /i.test(asked.text)) {
        if (asked.status !== 400) wrong.push(`no id: ${what}`)
        return
      }
      for (const [{ id }, { status }] of [
        [sent.plain, plain],
        [sent.asked, asked],
      ] as const) {
        const statuses = await audit.statuses(id)
        if (!statuses.includes(status)) wrong.push(`${id} is audited as ${statuses.join()}: ${what}`)
      }
    })
    expect(wrong).toEqual([])
    // Otherwise the comparison would be of nothing.
    expect(counts.switched).toBeGreaterThan(5)
    expect(counts.refused).toBeGreaterThan(300)
  })
})

describe('the doors of an app', () => {
  it('answer a request and an upgrade with the same refusal, and tell observers of both', async () => {
    const audit = auditTrail()
    const telling = { observer: audit.observer, log: false } as const
    const app = express()
    app.use((message, response, next) => {
      if (isLimited(message)) response.status(429).end()
      else next()
    })
    app.use(authentication(chain, telling), impersonation(policy, telling), authorization(policy, telling))
    app.use(
      (message, response) => void response.status(isGuarded(message, getUser(message)) ? 200 : 403).end(),
    )
    const server = createServer(app)
    authenticateUpgrade(
      server,
      chain,
      ({ socket }) => void socket.end('HTTP/1.1 101 Switching Protocols\r\n\r\n'),
      {
        ...telling,
        impersonation: policy,
        authorization: policy,
        limit: (message) => !isLimited(message),
        guard: (message, { user }) => isGuarded(message, user),
      },
    )
    const port = await listening(server)
    const wrong: string[] = []
    let accepted = 0
    await each(cases(''), async ({ what, plain, asked }) => {
      const { status: expected } = await send(port, plain.bytes)
      const { status, text } = await send(port, asked.bytes)
      if (status === 101) accepted++
      const isSame = status === 101 ? expected === 200 : status === expected
      // A WebSocket is the only upgrade in which a subprotocol is a credential.
      const isUncounted = status === 401 && what.includes(SUBPROTOCOL)
      if (!isSame && !isUncounted) wrong.push(`${expected} ${status}: ${what}`)
      if (!/audit-id: /i.test(text) && status !== 101) return
      const statuses = await audit.statuses(asked.id)
      if (!statuses.includes(status)) wrong.push(`audited as ${statuses.join()}: ${what}`)
    })
    expect(wrong).toEqual([])
    expect(accepted).toBeGreaterThan(50)
  })
})
