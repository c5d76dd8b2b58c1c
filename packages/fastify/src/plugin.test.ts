import { authenticatorChain } from '@kube-authn/core'
import { alwaysAllow } from '@kube-authn/core/authorization'
import { tokenFile } from '@kube-authn/core/token-file'
import { fastify } from 'fastify'
import { describe, expect, it } from 'vitest'
import {
  authentication,
  authorization,
  impersonation,
  requireGroups,
  requireScopes,
  requireUser,
} from './index.ts'
import { reviews } from './reviews.ts'

const plugins = [
  ['authentication', () => authentication(authenticatorChain({ tokens: [tokenFile('good,jane,1\n')] }))],
  ['impersonation', () => impersonation(alwaysAllow())],
  ['reviews', () => reviews(alwaysAllow())],
] as const

describe.each(plugins)('the plugin of %s', (name, make) => {
  it('is known to the app by its name, and is for Fastify 5', async () => {
    const app = fastify()
    const plugin = make()
    await app.register(plugin)
    expect(app.hasPlugin(`@kube-authn/fastify/${name}`)).toBe(true)
    expect(Reflect.get(plugin, Symbol.for('plugin-meta'))).toMatchObject({ fastify: '5.x' })
    await app.close()
  })

  it('may be in a scope and around it', async () => {
    const app = fastify()
    await app.register(make())
    await app.register(async (scope) => {
      await scope.register(make())
    })
    await expect(app.ready()).resolves.toBe(app)
    await app.close()
  })
})

it.each(plugins)('the plugin of %s says that it is no hook', async (name, make) => {
  const app = fastify()
  app.addHook('onRequest', make() as never)
  app.get('/', () => 'in')
  const { statusCode, body } = await app.inject('/')
  expect([statusCode, body]).toEqual([500, expect.stringContaining(`${name}(...) is a plugin and no hook`)])
  await app.close()
})

it.each([
  ['authorization', () => authorization(alwaysAllow())],
  ['requireUser', () => requireUser()],
  ['requireGroups', () => requireGroups('admins')],
  ['requireScopes', () => requireScopes('read')],
] as const)('the hook of %s says that it is no plugin, and the app does not start', async (name, make) => {
  const app = fastify()
  app.get('/', () => 'in')
  void app.register(make() as never)
  await expect(app.ready()).rejects.toThrow(
    `${name}(...) is a hook and no plugin: app.addHook('onRequest', ${name}`,
  )
})

it.each([() => requireGroups('a', 'b' as never), () => requireScopes('a', 'b' as never)])(
  'a second value in place of options is told how to name several: %#',
  (make) => {
    expect(make).toThrow(
      "options: must be an object of options; for several values use { anyOf: ['a', 'b'] }",
    )
  },
)
