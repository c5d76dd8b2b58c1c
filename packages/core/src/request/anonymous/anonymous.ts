import type { Authentication, Authenticator } from '../../authenticator/authenticator.ts'
import { type AuthenticationError, ConfigurationError, rejected } from '../../authenticator/errors.ts'
import { ANONYMOUS_USERNAME, UNAUTHENTICATED_GROUP, userInfo } from '../../authenticator/user.ts'
import { checkOptions, type OptionsShape } from '../../internal/options/index.ts'
import { type AnonymousConfig, anonymousConditions, validateAnonymousConfig } from './config.ts'

/** Options of {@link anonymous}. */
export type AnonymousOptions = Pick<AnonymousConfig, 'conditions'>

const shape: OptionsShape<AnonymousOptions> = { conditions: anonymousConditions }

/**
 * Everybody is `system:anonymous` in `system:unauthenticated`: the last authenticator of a chain, behind `failFast`, so that a
 * bad credential is an error and never anonymous.
 *
 * With conditions, only requests whose percent-decoded path equals one of them exactly: no prefixes, no trailing slash, the
 * query aside. There is no opinion on others.
 *
 * Source: apiserver `pkg/authentication/request/anonymous`; KEP-4633; `--anonymous-auth`.
 *
 * Deviation: a request that may have lost its credential unseen is refused (`docs/deviations.md`, HTTP/2 fields).
 *
 * @throws {ConfigurationError} when a condition has no path.
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
      if (request.headers.complete === false) throw credentialMayBeLost
      return context.audiences === undefined ? nobody : { ...nobody, audiences: context.audiences }
    },
  }
}

/** One object for all: it says nothing about the request. */
const credentialMayBeLost: AuthenticationError = Object.freeze(
  rejected('over HTTP/2 a credential may be left out unseen, so a request without one is not anonymous'),
)

const nobody: Authentication = Object.freeze({
  user: userInfo({ username: ANONYMOUS_USERNAME, groups: [UNAUTHENTICATED_GROUP] }),
})

/**
 * Whether the percent-decoded path is one of these. A path with a broken escape is none.
 *
 * Deviation: neither is one with an encoded slash, which routers do not take for a slash, or with a fragment (`docs/deviations.md`, ambiguous paths);
 * nor one with a character that ought to be escaped, which runtimes decode in more than one way (`docs/deviations.md`, request targets).
 */
function isListed(path: string, paths: ReadonlySet<string>): boolean {
  if (/%2f|#|[^!-~]/i.test(path)) return false
  try {
    return paths.has(decodeURIComponent(path))
  } catch {
    return false
  }
}
