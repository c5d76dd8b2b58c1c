import type {
  AnyAuthenticator,
  Authentication,
  Authenticator,
  PasswordAuthenticator,
  TokenAuthenticator,
} from '../authenticator/authenticator.ts'
import { type Context, emptyContext } from '../authenticator/context.ts'
import { REVOKED } from '../authenticator/credential-revocation.ts'
import { rejected } from '../authenticator/errors.ts'
import { knownTokens } from '../authenticator/known-tokens.ts'
import { notify } from '../authenticator/notify.ts'
import {
  type Deciding,
  onceDecided,
  type Opinion,
  opinionOf,
  opinionOfPassword,
  opinionOfToken,
  Refused,
  settled,
  throwing,
} from '../authenticator/opinion.ts'
import { RecurringAnswer } from '../authenticator/recurring-answer.ts'
import { isMarkedSound } from '../authenticator/sound.ts'
import { NotedToken } from '../authenticator/token-digest.ts'
import { isUnauthenticated, userInfo } from '../authenticator/user.ts'
import { andThen } from '../internal/awaitable.ts'
import { hasMethod } from '../internal/options/check.ts'
import { must, refuseProblems } from '../internal/options/index.ts'
import { readBearerToken, trimAscii } from '../request/bearer-token/read.ts'
import type { AuthenticationRequest } from '../request/request.ts'
import { readWebSocketToken } from '../request/web-socket-protocol/web-socket-protocol.ts'
import { CredentialInUse } from './credential-in-use.ts'
import { type RecurringCredential, type Recurring, recurringCredentials } from './recurring-credentials.ts'
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
  const revocations = revocationsOf(source)
  if ('authenticate' in delegate) return ofRequests(revocations, delegate)
  return 'authenticateToken' in delegate
    ? ofTokens(revocations, delegate)
    : ofPasswords(revocations, delegate)
}

const NAME = 'unlessRevoked'

const anAuthenticator = must('must be an authenticator', (value) =>
  ['authenticate', 'authenticateToken', 'authenticatePassword'].some((method) => hasMethod(value, method)),
)

function ofRequests(revocations: Revocations, delegate: Authenticator): Authenticator {
  const { credentials, audiences, log } = delegate
  const recurring = recurringCredentials(revocations)
  return {
    name: NAME,
    ...(credentials !== undefined && { credentials }),
    ...(audiences !== undefined && { audiences }),
    ...(log !== undefined && { log }),
    authenticate: throwing((request, context) => {
      const deciding = opinionOf(delegate, request, context)
      // A request that is decided at once makes no closure.
      return deciding instanceof Promise
        ? deciding.then((opinion) => checkedInRequest(recurring, opinion, request, context))
        : checkedInRequest(recurring, deciding, request, context)
    }),
  }
}

function ofTokens(revocations: Revocations, delegate: TokenAuthenticator): TokenAuthenticator {
  return {
    name: NAME,
    audienceAware: delegate.audienceAware ?? false,
    known: () => knownTokens(delegate),
    mayKnow: (token) => delegate.mayKnow?.(token) ?? true,
    authenticateToken: throwing((token, context) =>
      onceDecided(opinionOfToken(delegate, token, context), (opinion) =>
        checked(revocations, opinion, token, context),
      ),
    ),
  }
}

function ofPasswords(revocations: Revocations, delegate: PasswordAuthenticator): PasswordAuthenticator {
  return {
    name: NAME,
    authenticatePassword: throwing((username, password, context) =>
      onceDecided(opinionOfPassword(delegate, { username, password }, context), (opinion) =>
        checked(revocations, opinion, undefined, context),
      ),
    ),
  }
}

/** The token in `Authorization`. As a rule it was read for this request before. */
function bearerIn({ headers }: AuthenticationRequest, context: Context): string | undefined {
  const authorization = headers.first('authorization')
  if (authorization === undefined) return undefined
  return NotedToken.bearerIn(context, authorization) ?? readBearerToken(authorization, emptyContext)
}

/** The same for a request: it is refused if any of its tokens is revoked, so that another token cannot hide the one that was accepted. */
function checkedInRequest(
  recurring: Recurring,
  opinion: Opinion,
  request: AuthenticationRequest,
  context: Context,
): Deciding {
  if (opinion === undefined || opinion instanceof Refused) return opinion
  const { revocations } = recurring
  const bearer = bearerIn(request, context)
  const other = request.headers.first('x-auth-token')
  const socket = readWebSocketToken(request)
  if (other === undefined && socket === undefined) {
    const known = opinion instanceof RecurringAnswer ? recurring.of(opinion, bearer, context) : undefined
    return known === undefined ? checked(revocations, opinion, bearer, context) : checkedAgain(known, context)
  }
  // Which of them was accepted is not known.
  const [first, ...others] = [bearer, socket, trimAscii(other ?? '')].filter(isToken)
  return others.reduce<Deciding>(
    (deciding, token) => onceDecided(deciding, (late) => checked(revocations, late, token, context)),
    checked(revocations, opinion, first, context),
  )
}

function isToken(token: string | undefined): token is string {
  return token !== undefined && token !== ''
}

/** The opinion, unless the credential is revoked. It never throws and never rejects. */
function checked(
  revocations: Revocations,
  opinion: Opinion,
  token: string | undefined,
  context: Context,
): Deciding {
  if (opinion === undefined || opinion instanceof Refused) return opinion
  try {
    const user = isMarkedSound(opinion.user) ? opinion.user : userInfo(opinion.user)
    if (isUnauthenticated(user)) return opinion
    const keeper = token === undefined ? undefined : NotedToken.keeperOf(context, token)
    const credential = new CredentialInUse(revocations, user, opinion, token, keeper)
    const isRevoked = credential.ask(context)
    if (isRevoked === false) return withRevocation(opinion, credential)
    return settled(
      andThen<boolean, Opinion>(isRevoked, (is) =>
        is ? refusalOf(opinion, context) : withRevocation(opinion, credential),
      ),
    )
  } catch (thrown) {
    return new Refused(thrown)
  }
}

/** The same for a credential that was seen before. */
function checkedAgain({ credential, answer }: RecurringCredential, context: Context): Deciding {
  try {
    const isRevoked = credential.ask(context)
    if (isRevoked === false) return answer
    return settled(andThen<boolean, Opinion>(isRevoked, (is) => (is ? refusalOf(answer, context) : answer)))
  } catch (thrown) {
    return new Refused(thrown)
  }
}

/** Copied on every request: a copy with the new member first is much faster in V8. */
function withRevocation(answer: Authentication, revocation: CredentialInUse): Authentication {
  return 'revocation' in answer ? { ...answer, revocation } : { revocation, ...answer }
}

function refusalOf({ user }: Authentication, { observer }: Context): Refused {
  notify(observer, { type: 'revokedCredential', user })
  // Another credential must not make up for it.
  return new Refused(rejected(REVOKED, { isFinal: true }))
}
