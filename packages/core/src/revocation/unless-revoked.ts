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
import { isMarkedSound } from '../authenticator/sound.ts'
import { isUnauthenticated, userInfo } from '../authenticator/user.ts'
import { andThen } from '../internal/awaitable.ts'
import { hasMethod } from '../internal/options/check.ts'
import { must, refuseProblems } from '../internal/options/index.ts'
import { readBearerToken, trimAscii } from '../request/bearer-token/read.ts'
import type { AuthenticationRequest } from '../request/request.ts'
import { readWebSocketToken } from '../request/web-socket-protocol/web-socket-protocol.ts'
import { CredentialInUse } from './credential-in-use.ts'
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
  return {
    name: NAME,
    ...(credentials !== undefined && { credentials }),
    ...(audiences !== undefined && { audiences }),
    ...(log !== undefined && { log }),
    authenticate: throwing((request, context) =>
      onceDecided(opinionOf(delegate, request, context), (opinion) =>
        checkedInRequest(revocations, opinion, request, context),
      ),
    ),
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

/** The tokens of a request. Which of them was accepted is not known. */
function tokensIn(request: AuthenticationRequest): readonly string[] {
  const { headers } = request
  const tokens = [
    readBearerToken(headers.first('authorization'), emptyContext),
    readWebSocketToken(request),
    trimAscii(headers.first('x-auth-token') ?? ''),
  ]
  return tokens.filter((token) => token !== undefined).filter((token) => token !== '')
}

/** The same for a request: it is refused if any of its tokens is revoked, so that another token cannot hide the one that was accepted. */
function checkedInRequest(
  revocations: Revocations,
  opinion: Opinion,
  request: AuthenticationRequest,
  context: Context,
): Deciding {
  if (opinion === undefined || opinion instanceof Refused) return opinion
  const [first, ...others] = tokensIn(request)
  let deciding = checked(revocations, opinion, first, context)
  for (const token of others) {
    deciding = onceDecided(deciding, (late) => checked(revocations, late, token, context))
  }
  return deciding
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
    const credential = new CredentialInUse(revocations, user, opinion, token)
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

/** Copied on every request: a copy with the new member first is much faster in V8. */
function withRevocation(answer: Authentication, revocation: CredentialInUse): Authentication {
  return 'revocation' in answer ? { ...answer, revocation } : { revocation, ...answer }
}

function refusalOf({ user }: Authentication, { observer }: Context): Refused {
  notify(observer, { type: 'revokedCredential', user })
  // Another credential must not make up for it.
  return new Refused(rejected(REVOKED, { isFinal: true }))
}
