/**
 * Types `req.user` and `req.authInfo` in the whole program: `import '@kube-authn/passport/augment'`. It is compatible with `@types/passport` and
 * `@kube-authn/express/augment`.
 *
 * @module
 */
import type { Authentication, UserInfo } from '@kube-authn/core'

declare global {
  namespace Express {
    interface User extends UserInfo {}
    interface AuthInfo extends Authentication {}
    interface Request {
      user?: User | undefined
      authInfo?: AuthInfo | undefined
    }
  }
}
