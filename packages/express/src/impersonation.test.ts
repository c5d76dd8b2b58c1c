import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { type AuthenticationEvent, authenticatorChain, type UserInfo } from '@kube-authn/core'
import { auditLog } from '@kube-authn/audit'
import { type Authorizer, noOpinion, parseRbac, rbac } from '@kube-authn/core/authorization'
import { tokenFile } from '@kube-authn/core/token-file'
import express, { type Request } from 'express'
import { afterEach, describe, expect, expectTypeOf, it, vi } from 'vitest'
import { authentication, authorization, getAuthentication, getUser, impersonation } from './index.ts'

const servers: { close(): unknown }[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

async function listen(app: express.Express): Promise<string> {
  const server = createServer(app)
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** Refuses with what is thrown. */
function statusOf(step: () => unknown): unknown {
  try {
    step()
  } catch (error) {
    return (error as { status?: number }).status
  }
  return undefined
}

const chain = authenticatorChain({
  tokens: [tokenFile('clark-token,clark,1,reporters\njane-token,jane,2\n')],
})
const policy = parseRbac(`
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: { name: impersonator }
rules:
- { apiGroups: [""], resources: [users, groups], verbs: [impersonate] }
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: { name: clark-impersonates }
subjects: [{ kind: User, name: clark, apiGroup: rbac.authorization.k8s.io }]
roleRef: { kind: ClusterRole, name: impersonator, apiGroup: rbac.authorization.k8s.io }
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: { name: heroes }
rules:
- { apiGroups: [""], resources: [nodes], verbs: [patch, get] }
- { apiGroups: [billing.example.com], resources: [invoices], resourceNames: ["17"], verbs: [pay] }
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: { name: superman-is-a-hero }
subjects:
- { kind: User, name: superman, apiGroup: rbac.authorization.k8s.io }
roleRef: { kind: ClusterRole, name: heroes, apiGroup: rbac.authorization.k8s.io }
`)

function appWith(observer?: (event: AuthenticationEvent) => void): express.Express {
  const options = observer === undefined ? {} : { observer }
  const app = express()
  app.use(authentication(chain, options))
  app.use(impersonation(rbac(policy), options))
  app.post(
    '/invoices/:id/payment',
    authorization(rbac(policy), {
      attributes: (req: Request) => ({
        verb: 'pay',
        apiGroup: 'billing.example.com',
        resource: 'invoices',
        name: String(req.params['id']),
      }),
    }),
    (_req, res) => res.json('paid'),
  )
  app.use(authorization(rbac(policy), options))
  app.use((req, res) => {
    const { user, requester } = getAuthentication(req)
    res.json({ user, requester: requester?.username ?? null, headers: req.rawHeaders })
  })
  return app
}

const as = (token: string, headers: Record<string, string> = {}): RequestInit => ({
  headers: { authorization: `Bearer ${token}`, ...headers },
})

it('is not undone by another authentication when the state is that of another copy, which has no members but data', async () => {
  const app = express()
  app.use(authentication(chain), impersonation(rbac(policy)))
  app.use((req, _res, next) => {
    const key = Symbol.for('@kube-authn/express/state@4')
    const { state } = Reflect.get(req, key) as { readonly state: object }
    Object.defineProperty(req, key, { value: { request: req, state: { ...state } }, configurable: true })
    next()
  })
  app.use(authentication(authenticatorChain({ anonymous: true }), { log: false }))
  app.get('/', (req, res) => res.send(getUser(req).username))
  const headers = { authorization: 'Bearer clark-token', 'impersonate-user': 'superman' }
  expect((await fetch(`${await listen(app)}/`, { headers })).status).toBe(403)
})

describe('impersonation and authorization in Express', () => {
  it('makes the request the other user’s, keeps the requester, and removes the headers', async () => {
    const response = await fetch(
      `${await listen(appWith())}/api/v1/nodes/mynode`,
      as('clark-token', { 'impersonate-user': 'superman', 'impersonate-group': 'admins' }),
    )
    const text = await response.text()
    expect(JSON.parse(text)).toMatchObject({
      user: { username: 'superman', groups: ['admins', 'system:authenticated'] },
      requester: 'clark',
    })
    expect(text.toLowerCase()).not.toContain('impersonate')
  })

  it.each([
    {
      what: 'who may not impersonate',
      init: as('jane-token', { 'impersonate-user': 'superman' }),
      message:
        'nodes "mynode" is forbidden: User "jane" cannot impersonate-on:user-info:get resource "nodes" in API group "" at the cluster scope',
    },
    {
      what: 'who may not do it in person',
      init: as('clark-token'),
      message:
        'nodes "mynode" is forbidden: User "clark" cannot get resource "nodes" in API group "" at the cluster scope',
    },
    {
      what: 'without permission for one of the headers',
      init: as('clark-token', { 'impersonate-user': 'superman', 'impersonate-uid': '7' }),
      message:
        'nodes "mynode" is forbidden: User "clark" cannot impersonate-on:user-info:get resource "nodes" in API group "" at the cluster scope',
    },
  ])('refuses a user $what, in the words of kube-apiserver', async ({ init, message }) => {
    const response = await fetch(`${await listen(appWith())}/api/v1/nodes/mynode`, init)
    expect(response.status).toBe(403)
    expect(await response.json()).toMatchObject({ kind: 'Status', reason: 'Forbidden', message, code: 403 })
  })

  it('authorizes the routes of an app by what the app says they are about', async () => {
    const origin = await listen(appWith())
    const pay = (id: string, headers: Record<string, string>): Promise<number> =>
      fetch(`${origin}/invoices/${id}/payment`, { ...as('clark-token', headers), method: 'POST' }).then(
        ({ status }) => status,
      )
    expect(await pay('17', { 'impersonate-user': 'superman' })).toBe(200)
    expect(await pay('18', { 'impersonate-user': 'superman' })).toBe(403)
    expect(await pay('17', {})).toBe(403)
  })

  it('refuses ten thousand extra headers before any authorization', async () => {
    const authorizer: Authorizer = { name: 'never', authorize: vi.fn(() => noOpinion()) }
    const app = express()
    app.use(authentication(chain), impersonation(authorizer))
    const server = createServer({ maxHeaderSize: 4 * 1024 * 1024 }, app)
    server.maxHeadersCount = 0
    servers.push(server)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const head = [
      'GET / HTTP/1.1',
      'Host: x',
      'Connection: close',
      'Authorization: Bearer clark-token',
      'Impersonate-User: superman',
      ...Array.from({ length: 10_000 }, (_, index) => `Impersonate-Extra-Key${index}: value`),
    ].join('\r\n')
    const answer = await new Promise<string>((resolve) => {
      const socket = connect((server.address() as AddressInfo).port, '127.0.0.1', () =>
        socket.write(`${head}\r\n\r\n`),
      )
      let text = ''
      socket.on('data', (data) => (text += data.toString()))
      socket.on('close', () => resolve(text))
    })
    expect(answer).toMatch(/^HTTP\/1.1 400/)
    expect(authorizer.authorize).not.toHaveBeenCalled()
  })

  it('writes both names into the audit log', async () => {
    const lines: string[] = []
    const observer = auditLog({ write: (event) => lines.push(JSON.stringify(event)) })
    const origin = await listen(appWith(observer))
    await fetch(`${origin}/api/v1/nodes/mynode`, as('clark-token', { 'impersonate-user': 'superman' }))
    await vi.waitFor(() => expect(lines.at(-1)).toContain('ResponseComplete'))
    expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({
      stage: 'ResponseComplete',
      verb: 'get',
      user: { username: 'clark' },
      impersonatedUser: { username: 'superman' },
      objectRef: { resource: 'nodes', name: 'mynode' },
      responseStatus: { code: 200 },
      annotations: { 'authorization.k8s.io/decision': 'allow' },
    })
    expect(lines.join('\n')).not.toContain('clark-token')
  })

  it('is a 500 where authentication was left out, and never lets the request pass', async () => {
    const app = express()
    app.use(impersonation(rbac(policy)), authorization(rbac(policy)), (_req, res) => res.send('passed'))
    const origin = await listen(app)
    expect((await fetch(origin)).status).toBe(500)
    expect((await fetch(origin, { headers: { 'impersonate-user': 'superman' } })).status).toBe(500)
  })

  it('works with users of another middleware', async () => {
    const user: UserInfo = { username: 'clark', uid: '', groups: [], extra: {} }
    const app = express()
    app.use(impersonation(rbac(policy), { user: () => user }), (req, res) => res.json(getUser(req).username))
    const response = await fetch(await listen(app), { headers: { 'impersonate-user': 'superman' } })
    expect(await response.json()).toBe('superman')
  })

  it('leaves a request without user and without the wish that was not granted, where onFailure lets it pass', async () => {
    const app = express()
    app.use(
      authentication(chain),
      impersonation(rbac(policy), { onFailure: (_error, _req, _res, next) => next() }),
      (req, res) =>
        void res.json([
          Reflect.get(req, 'user') ?? null,
          req.rawHeaders,
          req.headers,
          statusOf(() => getUser(req)),
        ]),
    )
    const response = await fetch(await listen(app), as('jane-token', { 'impersonate-user': 'superman' }))
    const text = await response.text()
    expect(JSON.parse(text)).toMatchObject([null, expect.anything(), expect.anything(), 403])
    expect(text).not.toMatch(/impersonate|superman/i)
  })

  it('answers 500 when the app cannot say what a route is about', async () => {
    const app = express()
    app.use(
      authentication(chain),
      authorization(rbac(policy), {
        attributes: () => {
          throw new Error('secret detail')
        },
      }),
    )
    const response = await fetch(await listen(app), as('clark-token'))
    expect(response.status).toBe(500)
    expect(await response.text()).not.toContain('secret detail')
  })

  it('types the request that attributes are read from', () => {
    authorization(rbac(policy), {
      attributes: (req: Request) => {
        expectTypeOf(req.params).toExtend<object>()
        return { verb: 'get' }
      },
    })
    expect(() => authorization(undefined as never)).toThrow(/authorizer/)
    expect(() => impersonation(rbac(policy), { maxValues: 0 })).toThrow(/maxValues/)
  })
})
