import { StatusError } from '@kube-authn/core/adapter'
import { isAuthenticationError } from '@kube-authn/core/internal'
import type { RefusedRequest } from './require-login.ts'
import type { LoginParts } from './routes/route.ts'
import { cookieHeader } from './session/request-session.ts'

const NO_ROUTES =
  'loginRoutes(login) did not answer this request of the login: put app.use(loginRoutes(login)) before app.use(authentication(...))'
const NO_AUTHENTICATOR =
  'the browser is logged in, but authentication(...) does not read its session: give it login.chain, or put login.authenticator ' +
  'into the requests of authenticatorChain(...)'

/** The mistake of an app that would send a refused browser to the login for ever; `undefined` if there is none. */
export async function wiringMistake(
  refusal: StatusError,
  request: RefusedRequest,
  { sessions, clock }: Pick<LoginParts, 'sessions' | 'clock'>,
  routes: ReadonlySet<string>,
): Promise<StatusError | undefined> {
  if (refusal.status !== 401) return undefined
  if (routes.has(request.path)) return mistake(NO_ROUTES)
  // An authenticator that knows the session accepts it, says why not, or removes its cookies from a refused request.
  if (refusal.cause !== undefined) return undefined
  const session = await sessions.find(cookieHeader(request)).catch((error: unknown) => {
    if (!isAuthenticationError(error)) throw error
    return undefined
  })
  const isGood = session !== undefined && session.content.expiresAtMs > clock.now()
  return isGood ? mistake(NO_AUTHENTICATOR) : undefined
}

function mistake(message: string): StatusError {
  return new StatusError({ status: 500, reason: 'InternalError', message })
}
