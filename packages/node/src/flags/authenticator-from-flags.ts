import type { NodeAuthenticator } from '../configure/create-authenticator.ts'
import type { AuthenticatorFromFlagsOptions } from './flags-options.ts'
import { readLate } from './read-late.ts'

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
export function authenticatorFromFlags(
  argv: readonly string[],
  options: AuthenticatorFromFlagsOptions = {},
): Promise<NodeAuthenticator> {
  return readLate(argv, options, (code, ...given) => code.authenticatorOfFlags(...given))
}
