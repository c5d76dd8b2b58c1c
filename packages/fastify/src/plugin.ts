import type { FastifyInstance, FastifyPluginCallback } from 'fastify'

/**
 * A plugin whose hooks apply to the scope in which it is registered and to its inner scopes, and not to its own scope only.
 *
 * Source: Fastify, "Plugins Guide", `skip-override`.
 */
export function pluginFor(name: string, register: (app: FastifyInstance) => void): FastifyPluginCallback {
  const plugin: FastifyPluginCallback = (app, _options, done) => {
    register(app)
    done()
  }
  return Object.assign(plugin, {
    [Symbol.for('skip-override')]: true,
    [Symbol.for('fastify.display-name')]: `@kube-authn/fastify ${name}`,
    [Symbol.for('plugin-meta')]: { fastify: '5.x', name: `@kube-authn/fastify/${name}` },
  })
}
