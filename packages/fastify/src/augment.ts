/**
 * Types `request.user` in the whole program: `import '@kube-authn/fastify/augment'`. Not together with `@fastify/jwt`, which types it too.
 *
 * @module
 */
import type { UserInfo } from '@kube-authn/core'

declare module 'fastify' {
  interface FastifyRequest {
    /** Set by `authentication`, so not in public routes: there it is `undefined`. */
    user: UserInfo
  }
}
