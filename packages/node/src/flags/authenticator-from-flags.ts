import { ConfigurationError, type ConfigurationProblem } from '@kube-authn/core'
import {
  isConfigurationError,
  loggingObserver,
  optionProblems,
  refuseProblems,
} from '@kube-authn/core/internal'
import { authenticatorOf, type NodeAuthenticator } from '../configure/create-authenticator.ts'
import {
  anonymousFlag,
  authenticationNotices,
  authenticationProblems,
  authenticatorOptions,
  serviceAccountsOption,
} from './authenticator-options.ts'
import { delegatedFromFlags, isDelegated } from './delegated-from-flags.ts'
import { anArgv, type AuthenticatorFromFlagsOptions, authenticatorFromFlagsShape } from './flags-options.ts'
import { flagProblem, ignoredNotices, notifyNotices } from './flag-problems.ts'
import { parseFlags, REFUSED_FOR_AUTHENTICATION } from './parse-flags.ts'
import { type ParsedFlags, isGiven } from './flag-value.ts'
import { hasOtherGates } from './request-header-flags.ts'
import { serviceAccountKeys } from './service-account-keys.ts'
import { closeable } from '../options/closeable.ts'

/**
 * The authenticator chain of a kube-apiserver with this command line, by `createAuthenticator`. It knows the flags of current releases and of 1.6,
 * with the defaults of 1.36; unrelated flags are ignored and reported to the observer. With `--authentication-kubeconfig`,
 * `--authentication-skip-lookup` or `--authentication-tolerate-lookup-failure` it is the chain of an extension API server, by
 * `delegatedAuthentication`.
 *
 * Arguments before the first flag are skipped, so `process.argv` can be passed as it is. `--anonymous-auth` is on by default if
 * `--authorization-mode` is set, as in kube-apiserver.
 *
 * Source: kubernetes `pkg/kubeapiserver/options/authentication.go`, `pkg/controlplane/apiserver/options/options.go`.
 *
 * Deviation: service accounts are optional, and flags that would be misread are refused (`docs/deviations.md`, flags).
 *
 * @throws {ConfigurationError} as a rejection, with every problem found: of flags, under their names, and of files.
 * @example
 * const authenticator = await authenticatorFromFlags(process.argv)
 * const other = await authenticatorFromFlags(['--token-auth-file=tokens.csv', '--client-ca-file', 'ca.crt'])
 */
export async function authenticatorFromFlags(
  argv: readonly string[],
  options: AuthenticatorFromFlagsOptions = {},
): Promise<NodeAuthenticator> {
  refuseProblems(anArgv(argv, 'argv'), optionProblems(authenticatorFromFlagsShape, options))
  const flags = parseFlags(argv, REFUSED_FOR_AUTHENTICATION)
  // Read before anything is awaited: what the caller changes in the options meanwhile does not count.
  const observer = loggingObserver(options.observer, options.log)
  const authenticator = isDelegated(flags)
    ? await delegatedFromFlags(flags, options)
    : await configuredFromFlags(flags, options)
  notifyNotices(observer, ignoredNotices([...flags.ignored, ...unusedFlags(flags)]))
  return authenticator
}

async function configuredFromFlags(
  flags: ParsedFlags,
  options: AuthenticatorFromFlagsOptions,
): Promise<NodeAuthenticator> {
  const anonymous = anonymousFlag(flags, options.anonymous)
  const found = [...flags.problems, ...authenticationProblems(flags, options)]
  const configured = authenticatorOptions(flags, anonymous, options)
  const { serviceAccountObjects, observer, log } = options
  const accounts = await serviceAccountKeys(flags, options)
  found.push(...accounts.problems)
  try {
    const authenticator = authenticatorOf(
      { ...configured, ...serviceAccountsOption(flags, accounts.keys, serviceAccountObjects) },
      anonymous.isGiven ? {} : { anonymous: anonymous.enabled },
    )
    if (found.length > 0) {
      authenticator.close()
      throw new ConfigurationError(found)
    }
    notifyNotices(loggingObserver(observer, log), [
      ...anonymous.notices,
      ...authenticationNotices(flags),
      ...accounts.notices,
    ])
    return closeable({ ...authenticator }, () => {
      authenticator.close()
      accounts.close()
    })
  } catch (error) {
    accounts.close()
    throw isConfigurationError(error) ? withFound(found, error) : error
  }
}

/** Keeps the first of several problems of one flag: it is the most specific. */
function withFound(found: readonly ConfigurationProblem[], error: ConfigurationError): ConfigurationError {
  const paths = new Set(found.map(({ path }) => path))
  const others = error.problems
    .map(flagProblem)
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
