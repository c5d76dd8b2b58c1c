import { ConfigurationError, type ConfigurationProblem, isConfigurationError } from '@kube-authn/core'
import type { VerificationKey } from '@kube-authn/core/jwt'
import { optionProblems, refuseProblems } from '@kube-authn/core/options'
import { authenticatorOf, type NodeAuthenticator } from '../create-authenticator.ts'
import type { FileSource } from '../file-source/reloading-source.ts'
import { problemsOf } from '../options/problems-of.ts'
import { verificationKeysAt } from '../verification-keys-at.ts'
import { anonymousFlag } from './anonymous-flag.ts'
import {
  authenticationNotices,
  authenticationProblems,
  authenticatorOptions,
} from './authenticator-options.ts'
import { delegatedFromFlags, isDelegated } from './delegated-from-flags.ts'
import {
  anArgv,
  type AuthenticatorFromFlagsOptions,
  authenticatorFromFlagsShape,
  sharedOf,
} from './flags-options.ts'
import { inTermsOfFlags } from './in-terms-of-flags.ts'
import { ignoredNotices, tellNotices } from './notices.ts'
import { parseFlags, type ParsedFlags } from './parse-flags.ts'
import { REFUSED_FOR_AUTHENTICATION } from './refused-flags.ts'
import { hasOtherGates } from './request-header-flags.ts'
import { hasServiceAccounts, keyFilesOf, serviceAccountProblems } from './service-account-flags.ts'

/**
 * The chain that a kube-apiserver has with this command line, by `createAuthenticator`. Flags of today's releases and of 1.6 count, with the
 * defaults of 1.36; those that are about something else are ignored, and the observer hears of them. With `--authentication-kubeconfig`,
 * `--authentication-skip-lookup` or `--authentication-tolerate-lookup-failure`, it is the chain of an extension API server, by
 * `delegatedAuthentication`.
 *
 * What stands before the first flag is skipped, so `process.argv` can be given as it is. `--anonymous-auth` is on by default, as it
 * is there, where `--authorization-mode` says who may do what.
 *
 * Source: kubernetes `pkg/kubeapiserver/options/authentication.go`, `pkg/controlplane/apiserver/options/options.go`.
 *
 * Deviation: service accounts may be left out, and flags that would be misread are refused (`docs/deviations.md`, flags).
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
  const ignored = [...flags.ignored, ...(hasOtherGates(flags) ? ['--feature-gates'] : [])]
  const authenticator = isDelegated(flags)
    ? await delegatedFromFlags(flags, options)
    : await configuredFromFlags(flags, options)
  tellNotices(options.observer, ignoredNotices(ignored))
  return authenticator
}

async function configuredFromFlags(
  flags: ParsedFlags,
  options: AuthenticatorFromFlagsOptions,
): Promise<NodeAuthenticator> {
  const anonymous = anonymousFlag(flags)
  const found = [...flags.problems, ...authenticationProblems(flags, options)]
  const { keys, problems } = await keysOf(flags, options)
  found.push(...problems)
  try {
    const authenticator = authenticatorOf(
      authenticatorOptions(flags, anonymous, keys?.current, options),
      anonymous.isGiven ? {} : { anonymous: anonymous.enabled },
    )
    if (found.length > 0) {
      authenticator.close()
      throw new ConfigurationError(found)
    }
    tellNotices(options.observer, [...anonymous.notices, ...authenticationNotices(flags)])
    return {
      ...authenticator,
      close() {
        authenticator.close()
        keys?.close()
      },
    }
  } catch (error) {
    keys?.close()
    throw isConfigurationError(error) ? withFound(found, error) : error
  }
}

/** Of several problems with one flag, the one that was found first says most about it. */
function withFound(found: readonly ConfigurationProblem[], error: ConfigurationError): ConfigurationError {
  const paths = new Set(found.map(({ path }) => path))
  const others = error.problems
    .map(inTermsOfFlags)
    .filter(({ path }) => !paths.has(path) && (found.length === 0 || path !== 'flags'))
  return new ConfigurationError([...found, ...others], { cause: error })
}

/** The keys of service accounts; none where they could not be used. */
async function keysOf(
  flags: ParsedFlags,
  options: AuthenticatorFromFlagsOptions,
): Promise<{
  readonly keys: FileSource<readonly VerificationKey[]> | undefined
  readonly problems: readonly ConfigurationProblem[]
}> {
  const files = keyFilesOf(flags)
  if (!hasServiceAccounts(flags) || files.length === 0) return { keys: undefined, problems: [] }
  try {
    const keys = await verificationKeysAt(files, sharedOf(options))
    if (serviceAccountProblems(flags).length === 0) return { keys, problems: [] }
    keys.close()
    return { keys: undefined, problems: [] }
  } catch (error) {
    return { keys: undefined, problems: problemsOf('--service-account-key-file', error, ': ') }
  }
}
