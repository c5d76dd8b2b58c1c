import { authenticatorChain } from '@kube-authn/core'
import { alwaysAllow } from '@kube-authn/core/authorization'
import { tokenFile } from '@kube-authn/core/token-file'
import { fastify } from 'fastify'
import { describe, expect, it } from 'vitest'
import { authentication, impersonation } from './index.ts'
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
