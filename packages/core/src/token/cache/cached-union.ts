import type { TokenAuthenticator } from '../../authenticator/authenticator.ts'
import { type Answer, type Ask, type Asked, askToken, consult } from '../../authenticator/consult.ts'
import { knownTokens } from '../../authenticator/known-credentials.ts'
import type { Context } from '../../authenticator/context.ts'
import { notify } from '../../authenticator/notify.ts'
import {
  aTokenAuthenticator,
  either,
  nested,
  nonEmptyListOf,
  type OptionsShape,
  refuseProblems,
  required,
} from '../../internal/options/index.ts'
import { firstUser, union } from '../../authenticator/union.ts'
import { cached, cachedShape, lazyKeys, refuseNoAudiences } from './cached.ts'
import { answer } from './lookup.ts'
import { type CachedOptions, type RememberedToken, RememberedTokens } from './remembered-tokens.ts'

/** One of the authenticators of a {@link cachedUnion}. */
export interface CachedMember {
  readonly authenticator: TokenAuthenticator
  /** How its results are cached; `false` disables the cache. */
  readonly cache: CachedOptions | false
}

const memberShape: OptionsShape<CachedMember> = {
  authenticator: required(aTokenAuthenticator),
  cache: required(
    either(
      (value) => value === false,
      () => [],
      nested(cachedShape),
    ),
  ),
}

/**
 * A union of token authenticators, in this order, behind one cache with options per member. The users and errors are those of a `union` of
 * `cached` members, at the cost of one lookup. A cached token is accepted at once if no earlier member may know it (`mayKnow`); otherwise
 * the earlier members are asked first. Members before the first cached one are always asked.
 *
 * Source: apiserver `pkg/authentication/token/{cache,union}`, kubernetes `pkg/kubeapiserver/authenticator/config.go`.
 *
 * Deviation: a cached result of one authenticator never bypasses an earlier one (`docs/deviations.md`, token cache).
 *
 * @throws {ConfigurationError} if an option is invalid.
 * @example
 * const tokens = cachedUnion([
 *   { authenticator: tokenFile(csv), cache: false },
 *   { authenticator: sessions, cache: { successTtlSeconds: 10 } },
 * ])
 */
export function cachedUnion(members: readonly CachedMember[]): TokenAuthenticator {
  refuseProblems(nonEmptyListOf(nested(memberShape))(members, 'members'))
  const authenticators = members.map(({ authenticator }) => authenticator)
  const first = members.findIndex(({ cache }) => cache !== false)
  if (members.length === 1 || first === -1) {
    return union(
      ...members.map(({ authenticator, cache }) =>
        cache === false ? authenticator : cached(authenticator, cache),
      ),
    )
  }

  const behind = members
    .slice(first)
    .map(({ authenticator, cache }, index) =>
      cache === false
        ? authenticator
        : new RememberedTokens(authenticator, cache, authenticators.slice(first, first + index)),
    )
  const remembered = behind.filter((each) => each instanceof RememberedTokens)
  const keyOf = lazyKeys()

  const askCache = (token: string, context: Context): Answer => {
    refuseNoAudiences(context)
    const start = context.observer === undefined ? 0 : performance.now()
    const key = keyOf(token, context.audiences)
    for (const each of remembered) {
      const known = each.get(key)
      if (known !== undefined && isForEveryone(known) && isInForce(known))
        return answerFrom(each, known, context, start)
    }
    const askKeyed: Ask<TokenAuthenticator | RememberedTokens, string> = (each) =>
      each instanceof RememberedTokens
        ? each.ask(key, token, context)
        : each.authenticateToken(token, context)
    return firstUser(behind, askKeyed, token, context)
  }
  // Observers see the members behind the cache.
  const steps: readonly (Pick<TokenAuthenticator, 'authenticateToken'> & Asked)[] = [
    ...authenticators.slice(0, first),
    { isPart: true, authenticateToken: askCache },
  ]

  return {
    name: 'union',
    audienceAware: authenticators.some((each) => each.audienceAware),
    mayKnow: (token) => authenticators.some((each) => each.mayKnow?.(token) ?? true),
    known: () => authenticators.flatMap(knownTokens),
    authenticateToken: (token, context) => firstUser(steps, askToken, token, context),
  }
}

/** Whether the cached user can be returned without asking earlier members. A token that is bound to a certificate or a key depends on the request. */
function isForEveryone({ result, isItsAlone }: RememberedToken): boolean {
  return isItsAlone && result.authentication !== undefined && result.bindings === undefined
}

/** Whether the credential is known not to be revoked, without waiting. If not, the members are asked in their order, and the one that remembers it finds out. */
function isInForce({ result: { authentication } }: RememberedToken): boolean {
  const revocation = authentication?.revocation
  if (revocation === undefined) return true
  try {
    return revocation.isRevoked() === false
  } catch {
    return false
  }
}

/** Answers from the cache and reports the hit under the name of the authenticator. */
function answerFrom(
  cache: RememberedTokens,
  { result }: RememberedToken,
  context: Context,
  start: number,
): Answer {
  const { observer } = context
  const report = (): Answer => {
    if (observer !== undefined) {
      const durationSeconds = (performance.now() - start) / 1000
      notify(observer, { type: 'tokenCacheRequest', status: 'hit', durationSeconds })
    }
    return answer(result, context)
  }
  return consult(report, cache, undefined, context)
}
