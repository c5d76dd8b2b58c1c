import { authenticatorChain, type Authenticator } from '@kube-authn/core'
import { alwaysAllow, alwaysDeny, allow, type Authorizer, deny } from '@kube-authn/core/authorization'
import { tokenFile } from '@kube-authn/core/token-file'
import { fastify, type FastifyInstance } from 'fastify'
import { afterEach, describe, expect, it } from 'vitest'
import { authentication, authorization, getAuthentication, getUser, impersonation } from './index.ts'

const chain: Authenticator = authenticatorChain({ tokens: [tokenFile('good,jane,1,"a,b"\n')] })
const unlessRoot: Authorizer = {
  name: 'unless-root',
  authorize: ({ name }) => (name === 'root' ? deny('not that one') : allow()),
}
const asking = (user: string) => ({ authorization: 'Bearer good', 'impersonate-user': user })

const apps: FastifyInstance[] = []
afterEach(async () => {
  for (const app of apps.splice(0)) await app.close()
})
const make = (): FastifyInstance => {
  const app = fastify()
  apps.push(app)
  return app
}

const routes = async (scope: FastifyInstance): Promise<void> => {
  scope.get('/', (request) => [
    getUser(request).username,
    getAuthentication(request).requester?.username,
    Object.keys(request.headers).filter((name) => name.startsWith('impersonate')),
  ])
}

async function ask(app: FastifyInstance, url: string, user: string): Promise<unknown> {
  const response = await app.inject({ url, headers: asking(user) })
  return response.statusCode === 200 ? response.json() : response.statusCode
}

describe('impersonation in Fastify', () => {
  it('is found in the scope of authentication and in inner scopes, and not in siblings', async () => {
    const app = make()
    await app.register(authentication(chain))
    await app.register(routes, { prefix: '/without' })
    await app.register(
      async (scope) => {
        await scope.register(impersonation(unlessRoot))
        await scope.register(routes)
        await scope.register(routes, { prefix: '/inner' })
      },
      { prefix: '/with' },
    )
    for (const path of ['/with', '/with/inner']) {
      expect(await ask(app, path, 'bob')).toEqual(['bob', 'jane', []])
      expect(await ask(app, path, 'root')).toBe(403)
      expect((await app.inject({ url: path, headers: { authorization: 'Bearer good' } })).json()).toEqual([
        'jane',
        null,
        [],
      ])
    }
    expect(await ask(app, '/without', 'bob')).toBe(403)
  })

  it('gives no user to a hook before it', async () => {
    const app = make()
    await app.register(authentication(chain))
    const seen: unknown[] = []
    app.addHook('onRequest', async (request) => {
      try {
        seen.push(getUser(request))
      } catch (error) {
        seen.push((error as { status?: number }).status)
      }
    })
    await app.register(impersonation(unlessRoot))
    await app.register(routes)
    expect(await ask(app, '/', 'bob')).toEqual(['bob', 'jane', []])
    expect(seen).toEqual([403])
  })

  it('takes the caller from another authentication', async () => {
    const app = make()
    await app.register(authentication(chain))
    await app.register(impersonation(unlessRoot, { user: (request) => getUser(request), mode: 'legacy' }))
    await app.register(routes)
    expect(await ask(app, '/', 'bob')).toEqual(['bob', 'jane', []])
  })
})

describe('authorization in Fastify', () => {
  it('is asked per route, with attributes of the app', async () => {
    const app = make()
    await app.register(authentication(chain))
    const onlySeven: Authorizer = {
      name: 'seven',
      authorize: ({ name }) => (name === '7' ? allow() : deny('not that one')),
    }
    app.get<{ Params: { id: string } }>(
      '/invoices/:id',
      {
        onRequest: authorization(onlySeven, {
          attributes: ({ params }) => ({
            verb: 'get',
            resource: 'invoices',
            name: typeof params === 'object' && params !== null && 'id' in params ? String(params.id) : '',
          }),
        }),
      },
      (request) => request.params.id,
    )
    const headers = { authorization: 'Bearer good' }
    expect((await app.inject({ url: '/invoices/7', headers })).body).toBe('7')
    const denied = await app.inject({ url: '/invoices/8', headers })
    expect([denied.statusCode, denied.json()]).toEqual([
      403,
      expect.objectContaining({ reason: 'Forbidden' }),
    ])
    expect((await app.inject('/invoices/7')).statusCode).toBe(401)
  })

  it('is asked for a scope, and lets no request pass without a user', async () => {
    const app = make()
    app.addHook('onRequest', authorization(alwaysAllow()))
    app.get('/', () => 'reached')
    expect((await app.inject('/')).statusCode).toBe(500)
    const other = make()
    other.addHook('preHandler', authorization(alwaysDeny(), { user: () => undefined }))
    other.get('/', () => 'reached')
    expect((await other.inject('/')).statusCode).toBe(500)
  })

  it('answers 500 if the attributes cannot be read', async () => {
    const app = make()
    await app.register(authentication(chain))
    const attributes = (): never => {
      throw new Error('secret reason')
    }
    app.get('/', { onRequest: authorization(alwaysAllow(), { attributes }) }, () => 'reached')
    const response = await app.inject({ url: '/', headers: { authorization: 'Bearer good' } })
    expect([response.statusCode, response.body.includes('secret')]).toEqual([500, false])
  })
})
