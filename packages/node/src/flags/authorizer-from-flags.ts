import type { NodeAuthorizer } from '../configure/create-authorizer.ts'
import type { AuthorizerFromFlagsOptions } from './flags-options.ts'
import { readLate } from './read-late.ts'

/**
 * The authorizer of a kube-apiserver with this command line: members of `system:masters` may do everything, then the modes of `--authorization-mode`
 * or the authorizers of `--authorization-config` are consulted in order. With `--authorization-kubeconfig` or `--authorization-always-allow-paths` it
 * is the authorizer of an extension API server, by `delegatedAuthentication`.
 *
 * Arguments before the first flag are skipped, and unrelated flags are ignored.
 *
 * Source: kubernetes `pkg/kubeapiserver/options/authorization.go`, `pkg/kubeapiserver/authorizer/config.go`.
 *
 * Deviation: without a mode it throws instead of using AlwaysAllow (`docs/deviations.md`, flags).
 *
 * @throws {ConfigurationError} as a rejection, with every problem found: of flags, under their names, and of files.
 * @example
 * const authorizer = await authorizerFromFlags(process.argv, { rbac: '/etc/my-app/roles/' })
 */
export function authorizerFromFlags(
  argv: readonly string[],
  options: AuthorizerFromFlagsOptions = {},
): Promise<NodeAuthorizer> {
  return readLate(argv, options, (code, ...given) => code.authorizerOfFlags(...given))
}
