import { refuseProblems, withMethods } from '@kube-authn/core/internal'
import type { WebLogin } from './web-login.ts'

const isLogin = withMethods('a login, of webLogin(...)', 'before', 'refuse', 'handle')

/** @throws {ConfigurationError} if it is not a login. */
export function checkLogin(login: WebLogin): void {
  refuseProblems(isLogin(login, 'login'))
}
