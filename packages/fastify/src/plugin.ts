import type { FastifyInstance, FastifyPluginCallback, onRequestHookHandler } from 'fastify'

/**
 * A plugin whose hooks apply to the scope in which it is registered and to its inner scopes, and not to its own scope only.
 *
 * Source: Fastify, "Plugins Guide", `skip-override`.
 */
export function pluginFor(name: string, register: (app: FastifyInstance) => void): FastifyPluginCallback {
  const plugin: FastifyPluginCallback = (app, _options, done) => {
    // As a hook it gets a request, whose hook may be a route's.
    if (!isApp(app)) {
      done(new TypeError(`${name}(...) is a plugin and no hook: await app.register(${name}(...))`))
      return
    }
    register(app)
    done()
  }
  return Object.assign(plugin, {
    [Symbol.for('skip-override')]: true,
    [Symbol.for('fastify.display-name')]: `@kube-authn/fastify ${name}`,
    [Symbol.for('plugin-meta')]: { fastify: '5.x', name: `@kube-authn/fastify/${name}` },
  })
}

/** A hook that does not start an app that registers it as a plugin, so that its routes are not open. */
export function hookFor(name: string, hook: onRequestHookHandler): onRequestHookHandler {
  return function hookOfApp(request, reply, next) {
    if (isApp(request))
      next(new TypeError(`${name}(...) is a hook and no plugin: app.addHook('onRequest', ${name}(...))`))
    else hook.call(this, request, reply, next)
  }
}

function isApp(given: object): boolean {
  return 'register' in given && 'addHook' in given
}
