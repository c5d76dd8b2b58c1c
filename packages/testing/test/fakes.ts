import type {
  AuthenticationRequest,
  Authenticator,
  PasswordAuthenticator,
  TokenAuthenticator,
} from '@kube-authn/core'
import { exactHeaders } from '@kube-authn/core/internal'
import { fetchRequest } from '@kube-authn/core/adapter'
import { fakeTokenAuthenticator } from '@kube-authn/testing'
import type { RequestInit } from '../../core/test/fakes.ts'

export { recordEvents as recorder } from '@kube-authn/testing'
export {
  type Answer,
  bob,
  fails,
  fixedClock,
  jane,
  knows,
  later,
  noOpinion,
  settled,
  thrownBy,
} from '../../core/test/fakes.ts'

/*
 * Fakes for the tests of packages that import the core by its name, as users do: `packages/core/test/fakes.ts` has those of the sources of the core.
 */

/** A request authenticator that keeps what it was asked. */
export function requests(
  answer: Authenticator['authenticate'],
  name = 'requests',
): Authenticator & { readonly calls: readonly AuthenticationRequest[] } {
  const calls: AuthenticationRequest[] = []
  const authenticate: Authenticator['authenticate'] = (asked, context) => {
    calls.push(asked)
    return answer(asked, context)
  }
  return { name, authenticate, calls }
}

/** A token authenticator that keeps what it was asked. */
export function tokens(
  answer: TokenAuthenticator['authenticateToken'],
  name = 'tokens',
): ReturnType<typeof fakeTokenAuthenticator> {
  return fakeTokenAuthenticator(answer, { name })
}

/** A password authenticator that keeps what it was asked. */
export function passwords(
  answer: PasswordAuthenticator['authenticatePassword'],
  name = 'passwords',
): PasswordAuthenticator & {
  readonly calls: readonly { readonly username: string; readonly password: string }[]
} {
  const calls: { readonly username: string; readonly password: string }[] = []
  const authenticatePassword: PasswordAuthenticator['authenticatePassword'] = (
    username,
    password,
    context,
  ) => {
    calls.push({ username, password })
    return answer(username, password, context)
  }
  return { name, authenticatePassword, calls }
}

/** A request with exact headers whose values are text. */
export function request(init: RequestInit = {}): AuthenticationRequest {
  const { url = '/', headers = [], ...extras } = init
  return fetchRequest(
    { method: 'GET', url, headers: new Headers() },
    { headers: exactHeaders(headers.flat(), (value) => value), ...extras },
  )
}

/** A request with this `Authorization`. */
export function authorized(authorization: string): AuthenticationRequest {
  return request({ headers: [['Authorization', authorization]] })
}
