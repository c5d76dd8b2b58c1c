import type { AddressInfo } from 'node:net'
import { serve, type ServerType } from '@hono/node-server'
import { authenticatorChain } from '@kube-authn/core'
import { auditLog } from '@kube-authn/audit'
import { type Attributes, allow, type Authorizer, deny } from '@kube-authn/core/authorization'
import { tokenFile } from '@kube-authn/core/token-file'
import { Hono } from 'hono'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { authentication, authorization, getAuthentication, getUser, impersonation } from './index.ts'

const servers: ServerType[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

const chain = authenticatorChain({ tokens: [tokenFile('clark-token,clark,1\njane-token,jane,2\n')] })

/** Clark may impersonate any user; all users but clark may do anything but delete. */
const authorizer: Authorizer = {
  name: 'test',
  authorize({ user, verb }: Attributes) {
    if (verb.startsWith('impersonate')) return user.username === 'clark' ? allow() : deny('not clark')
    return user.username !== 'clark' && verb !== 'delete' ? allow() : deny('no')
  },
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

const as = (token: string, user?: string): RequestInit => ({
  headers: { authorization: `Bearer ${token}`, ...(user !== undefined && { 'impersonate-user': user }) },
})

const lines: string[] = []
const observer = auditLog({ write: (event) => lines.push(JSON.stringify(event)) })

const app = new Hono()
  .use(authentication(chain, { observer }))
  .use(impersonation(authorizer, { observer }))
  .use(
    authorization(authorizer, {
      observer,
      attributes: (c) => ({ verb: c.req.query('verb') ?? 'get', resource: 'things' }),
    }),
  )
  .get('/', (c) => {
    const { user, requester } = getAuthentication(c)
    return c.json([
      c.var.user.username,
      user.username,
      requester?.username,
      c.req.header('impersonate-user') ?? null,
    ])
  })

async function listen(): Promise<string> {
  const server = await new Promise<ServerType>((resolve) => {
    const starting = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, () => resolve(starting))
  })
  servers.push(server)
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

describe.each([
  { way: 'plain Fetch requests', ask: async (path: string, init: RequestInit) => app.request(path, init) },
  {
    way: '@hono/node-server',
    ask: async (path: string, init: RequestInit) => fetch(`${await listen()}${path}`, init),
  },
])('impersonation and authorization in Hono with $way', ({ ask }) => {
  it('makes the request the other user’s, keeps the requester, and removes the header', async () => {
    lines.length = 0
    const response = await ask('/', as('clark-token', 'superman'))
    expect(await response.json()).toEqual(['superman', 'superman', 'clark', null])
    await vi.waitFor(() => expect(lines.at(-1)).toContain('ResponseComplete'))
    expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({
      stage: 'ResponseComplete',
      user: { username: 'clark' },
      impersonatedUser: { username: 'superman' },
      responseStatus: { code: 200 },
    })
  })

  it.each([
    { what: 'who may not impersonate', path: '/', init: as('jane-token', 'superman'), status: 403 },
    { what: 'who may not do it', path: '/?verb=delete', init: as('jane-token'), status: 403 },
    { what: 'with an unknown token', path: '/', init: as('wrong', 'superman'), status: 401 },
    { what: 'who may', path: '/', init: as('jane-token'), status: 200 },
  ])('responds with $status to a user $what', async ({ path, init, status }) => {
    const response = await ask(path, init)
    expect(response.status).toBe(status)
    if (status !== 200) expect(await response.json()).toMatchObject({ kind: 'Status', code: status })
  })
})

it('is a 500 where authentication was left out', async () => {
  const open = new Hono().use(authorization(authorizer)).get('/', (c) => c.text('passed'))
  expect((await open.request('/')).status).toBe(500)
})

it('leaves a request without user and without the wish that was not granted, where onFailure lets it pass', async () => {
  const lenient = new Hono()
    .use(authentication(chain))
    .use(impersonation(authorizer, { onFailure: async (_error, _c, next) => next() }))
    .get('/', (c) =>
      c.json([c.var.user ?? null, c.req.header(), [...c.req.raw.headers], statusOf(() => getUser(c))]),
    )
  const text = await (await lenient.request('/', as('jane-token', 'superman'))).text()
  expect(JSON.parse(text)).toMatchObject([null, {}, [], 403])
  expect(text).not.toMatch(/impersonate|superman/i)
})
