import type { Authentication, Authenticator } from '../../authenticator/authenticator.ts'
import { type AuthenticationError, ConfigurationError, rejected } from '../../authenticator/errors.ts'
import { ANONYMOUS_USERNAME, UNAUTHENTICATED_GROUP, userInfo } from '../../authenticator/user.ts'
import { checkOptions, type OptionsShape } from '../../internal/options/index.ts'
import { type AnonymousConfig, anonymousConditions, validateAnonymousConfig } from './config.ts'

/** Options of {@link anonymous}. */
export type AnonymousOptions = Pick<AnonymousConfig, 'conditions'>

const shape: OptionsShape<AnonymousOptions> = { conditions: anonymousConditions }

/**
 * Authenticates every request as `system:anonymous` in the group `system:unauthenticated`. Put it last in a chain, after `failFast`, so
 * that a request with a bad credential is refused and never anonymous.
 *
 * With conditions, only requests whose percent-decoded path, without the query, exactly equals one of them are anonymous: no prefixes, no
 * additional trailing slash. It has no opinion on other requests.
 *
 * Source: apiserver `pkg/authentication/request/anonymous`; KEP-4633; `--anonymous-auth`.
 *
 * Deviation: a request that may have silently lost its credential is refused (`docs/deviations.md`, HTTP/2 fields).
 *
 * @throws {ConfigurationError} if a condition has no path.
 * @example
 * const chain = failFast(credentials, anonymous({ conditions: [{ path: '/healthz' }] }))
 */
export function anonymous(options: AnonymousOptions = {}): Authenticator {
  checkOptions(shape, options, 'anonymous')
  const problems = validateAnonymousConfig({ enabled: true, ...options })
  if (problems.length > 0) throw new ConfigurationError(problems)
  const paths = new Set(options.conditions?.map((condition) => condition.path))
  return {
    name: 'anonymous',
    credentials: {
      schemes: [],
      known: [() => [{ type: 'anonymous', ...(paths.size > 0 && { paths: [...paths] }) }]],
    },
    authenticate(request, context) {
      if (paths.size > 0 && !isListed(request.path, paths)) return undefined
      if (request.headers.complete === false) throw credentialMayBeLost()
      return context.audiences === undefined
        ? anonymousAnswer
        : { ...anonymousAnswer, audiences: context.audiences }
    },
  }
}

function credentialMayBeLost(): AuthenticationError {
  return rejected('over HTTP/2 a credential may be lost silently, so a request without one is not anonymous')
}

const anonymousAnswer: Authentication = Object.freeze({
  user: userInfo({ username: ANONYMOUS_USERNAME, groups: [UNAUTHENTICATED_GROUP] }),
})

/**
 * Whether the percent-decoded path is listed. A path with a malformed escape never is.
 *
 * Deviation: nor is one with an encoded slash, which routers do not treat as a slash, or with a fragment (`docs/deviations.md`, ambiguous
 * paths), nor one with a character that should be escaped, which runtimes decode differently (`docs/deviations.md`, request targets).
 */
function isListed(path: string, paths: ReadonlySet<string>): boolean {
  if (/%2f|#|[^!-~]/i.test(path)) return false
  try {
    return paths.has(decodeURIComponent(path))
  } catch {
    return false
  }
}
