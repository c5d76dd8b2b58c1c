/**
 * Types `req.user` in the whole program: `import '@kube-authn/express/augment'`. It is compatible with `@types/passport`.
 *
 * @module
 */
import type { UserInfo } from '@kube-authn/core'

declare global {
  namespace Express {
    interface User extends UserInfo {}
    interface Request {
      user?: User | undefined
    }
  }
}
