import type {
  AnyAuthenticator,
  Authentication,
  Authenticator,
  PasswordAuthenticator,
  TokenAuthenticator,
} from '../authenticator/authenticator.ts'
import { askPassword, askRequest, askToken, consult } from '../authenticator/consult.ts'
import { type Context, emptyContext } from '../authenticator/context.ts'
import { REVOKED } from '../authenticator/credential-revocation.ts'
import { asAuthenticationError, rejected } from '../authenticator/errors.ts'
import { knownTokens } from '../authenticator/known-credentials.ts'
import { notify } from '../authenticator/notify.ts'
import { isSound, isUnauthenticated, userInfo } from '../authenticator/user.ts'
import { andThen, type Awaitable, settle } from '../internal/awaitable.ts'
import { hasMethod } from '../internal/options/check.ts'
import { must, refuseProblems } from '../internal/options/index.ts'
import { readBearerToken, trimAscii } from '../request/bearer-token.ts'
import { sentDpopToken } from '../token/dpop/dpop-token.ts'
import type { AuthenticationRequest } from '../request/request.ts'
import { readWebSocketToken } from '../request/web-socket-protocol.ts'
import { CredentialInUse } from './credential-in-use.ts'
import { recentDigests } from './token-digests.ts'
import { aRevocationSource, type Revocations, type RevocationSource, revocationsOf } from './revocations.ts'

/**
 * The same authenticator, which refuses what is revoked, and whose connections end then (`untilExpiry`, `closeAtExpiry`).
 *
 * The revocations are asked about every result, also about that of a cache, so that a revoked credential is refused at once. It is refused like a
 * bad one, whatever other credential the request has: the error is final, and is never followed by anonymous. If the revocations cannot tell, the
 * error is `unavailable`. Anonymous users have no credential to revoke.
 *
 * Put it around a whole chain. `createAuthenticator` has it as the option `revocations`.
 *
 * Deviation: Kubernetes has no revocation (`docs/deviations.md`, revocation).
 *
 * @throws {ConfigurationError} if an argument is invalid.
 * @example
 * const revoked = revocationList()
 * const authenticator = unlessRevoked(revoked, authenticatorChain({ tokens }))
 * revoked.set('stolen', { credentialId: 'JTI=2f6c' })
 */
export function unlessRevoked(revocations: RevocationSource, delegate: Authenticator): Authenticator
export function unlessRevoked(revocations: RevocationSource, delegate: TokenAuthenticator): TokenAuthenticator
export function unlessRevoked(
  revocations: RevocationSource,
  delegate: PasswordAuthenticator,
): PasswordAuthenticator
export function unlessRevoked(source: RevocationSource, delegate: AnyAuthenticator): AnyAuthenticator {
  refuseProblems(aRevocationSource(source, 'revocations'), anAuthenticator(delegate, 'delegate'))
  const check = checkBy(revocationsOf(source))
  if ('authenticate' in delegate) return ofRequests(check, delegate)
  return 'authenticateToken' in delegate ? ofTokens(check, delegate) : ofPasswords(check, delegate)
}

const NAME = 'unlessRevoked'

const anAuthenticator = must('must be an authenticator', (value) =>
  ['authenticate', 'authenticateToken', 'authenticatePassword'].some((method) => hasMethod(value, method)),
)

type Answer = Awaitable<Authentication | undefined>

function ofRequests(check: Check, delegate: Authenticator): Authenticator {
  const { credentials, audiences, log } = delegate
  return {
    name: NAME,
    ...(credentials !== undefined && { credentials }),
    ...(audiences !== undefined && { audiences }),
    ...(log !== undefined && { log }),
    authenticate(request, context) {
      const answer = consult(askRequest, delegate, request, context)
      return andThen(answer, (known) => known && checkAll(check, known, tokensIn(request), context))
    },
  }
}

function ofTokens(check: Check, delegate: TokenAuthenticator): TokenAuthenticator {
  return {
    name: NAME,
    audienceAware: delegate.audienceAware ?? false,
    known: () => knownTokens(delegate),
    mayKnow: (token) => delegate.mayKnow?.(token) ?? true,
    authenticateToken(token, context) {
      const answer = consult(askToken, delegate, token, context)
      return andThen(answer, (known) => check(known, token, context))
    },
  }
}

function ofPasswords(check: Check, delegate: PasswordAuthenticator): PasswordAuthenticator {
  return {
    name: NAME,
    authenticatePassword(username, password, context) {
      const answer = consult(askPassword, delegate, [username, password], context)
      return andThen(answer, (known) => check(known, undefined, context))
    },
  }
}

/** All tokens of a request. Which of them was accepted is not known. */
function tokensIn(request: AuthenticationRequest): readonly string[] {
  const { headers } = request
  return [
    readBearerToken(headers.first('authorization'), emptyContext),
    sentDpopToken(request),
    readWebSocketToken(request),
    trimAscii(headers.first('x-auth-token') ?? ''),
  ].filter((token): token is string => token !== undefined && token !== '')
}

/** A request is refused if any of its tokens is revoked, so that another token cannot hide the one that was accepted. */
function checkAll(
  check: Check,
  accepted: Authentication,
  [first, ...others]: readonly string[],
  context: Context,
): Answer {
  return others.reduce<Answer>(
    (answer, token) => andThen(answer, (known) => check(known, token, context)),
    check(accepted, first, context),
  )
}

/** The answer, unless its credential is revoked. @throws {AuthenticationError} if it is, or if that cannot be told. */
type Check = (answer: Authentication | undefined, token: string | undefined, context: Context) => Answer

function checkBy(revocations: Revocations): Check {
  const digestsOf = recentDigests()
  const check = (answer: Authentication, token: string | undefined, context: Context): Answer => {
    const user = isSound(answer.user) ? answer.user : userInfo(answer.user)
    if (isUnauthenticated(user)) return answer
    const digests = token === undefined ? undefined : () => digestsOf(token)
    const revocation = new CredentialInUse(revocations, user, answer, digests)
    return andThen(revocation.ask(context), (isRevoked) => {
      if (!isRevoked) return { ...answer, revocation }
      notify(context.observer, { type: 'revokedCredential', user: answer.user })
      // Another credential must not make up for it.
      throw rejected(REVOKED, { isFinal: true })
    })
  }
  return (answer, token, context) =>
    answer &&
    settle<Authentication | undefined, Authentication | undefined>(
      () => check(answer, token, context),
      (checked) => checked,
      (thrown) => {
        throw asAuthenticationError(thrown)
      },
    )
}
