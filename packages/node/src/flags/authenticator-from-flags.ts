import { ConfigurationError, type ConfigurationProblem } from '@kube-authn/core'
import {
  isConfigurationError,
  loggingObserver,
  optionProblems,
  refuseProblems,
} from '@kube-authn/core/internal'
import { authenticatorOf, type NodeAuthenticator } from '../configure/create-authenticator.ts'
import { anonymousFlag } from './anonymous-flag.ts'
import {
  authenticationNotices,
  authenticationProblems,
  authenticatorOptions,
} from './authenticator-options.ts'
import { delegatedFromFlags, isDelegated } from './delegated-from-flags.ts'
import { anArgv, type AuthenticatorFromFlagsOptions, authenticatorFromFlagsShape } from './flags-options.ts'
import { inTermsOfFlags } from './in-terms-of-flags.ts'
import { ignoredNotices, tellNotices } from './notices.ts'
import { parseFlags, type ParsedFlags } from './parse-flags.ts'
import { isGiven } from './read-flags.ts'
import { REFUSED_FOR_AUTHENTICATION } from './refused-flags.ts'
import { hasOtherGates } from './request-header-flags.ts'
import { serviceAccountKeys } from './service-account-keys.ts'

/** {@link authenticatorFromFlags}, loaded when it is first called. */
export async function authenticatorOfFlags(
  argv: readonly string[],
  options: AuthenticatorFromFlagsOptions,
): Promise<NodeAuthenticator> {
  refuseProblems(anArgv(argv, 'argv'), optionProblems(authenticatorFromFlagsShape, options))
  const flags = parseFlags(argv, REFUSED_FOR_AUTHENTICATION)
  const ignored = [...flags.ignored, ...unusedFlags(flags)]
  const authenticator = isDelegated(flags)
    ? await delegatedFromFlags(flags, options)
    : await configuredFromFlags(flags, options)
  tellNotices(loggingObserver(options.observer, options.log), ignoredNotices(ignored))
  return authenticator
}

async function configuredFromFlags(
  flags: ParsedFlags,
  options: AuthenticatorFromFlagsOptions,
): Promise<NodeAuthenticator> {
  const anonymous = anonymousFlag(flags, options.anonymous)
  const found = [...flags.problems, ...authenticationProblems(flags, options)]
  const accounts = await serviceAccountKeys(flags, options)
  found.push(...accounts.problems)
  try {
    const authenticator = authenticatorOf(
      authenticatorOptions(flags, anonymous, accounts.keys, options),
      anonymous.isGiven ? {} : { anonymous: anonymous.enabled },
    )
    if (found.length > 0) {
      authenticator.close()
      throw new ConfigurationError(found)
    }
    tellNotices(loggingObserver(options.observer, options.log), [
      ...anonymous.notices,
      ...authenticationNotices(flags),
      ...accounts.notices,
    ])
    return {
      ...authenticator,
      close() {
        authenticator.close()
        accounts.close()
      },
    }
  } catch (error) {
    accounts.close()
    throw isConfigurationError(error) ? withFound(found, error) : error
  }
}

/** Keeps the first of several problems of one flag: it is the most specific. */
function withFound(found: readonly ConfigurationProblem[], error: ConfigurationError): ConfigurationError {
  const paths = new Set(found.map(({ path }) => path))
  const others = error.problems
    .map(inTermsOfFlags)
    .filter(({ path }) => !paths.has(path) && (found.length === 0 || path !== 'flags'))
  return new ConfigurationError([...found, ...others], { cause: error })
}

/** Known flags without effect here: issuing tokens has its own options. */
function unusedFlags(flags: ParsedFlags): readonly string[] {
  return [
    ...(isGiven(flags, 'service-account-signing-key-file') ? ['--service-account-signing-key-file'] : []),
    ...(hasOtherGates(flags) ? ['--feature-gates'] : []),
  ]
}
