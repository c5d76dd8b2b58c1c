import type { ConfigurationProblem } from '../../authenticator/errors.ts'
import { isJwsAlgorithm, type JwsAlgorithm } from '../jwt/algorithms.ts'
import { quoted } from '@kube-authn/internal/quote'

/**
 * Parses algorithm names and reports those that are unsupported.
 *
 * Source: apiserver `plugin/pkg/authenticator/token/oidc/oidc.go` (`New`).
 */
export function algorithmsNamed(
  names: readonly string[],
  path: string,
): { readonly algorithms: readonly JwsAlgorithm[]; readonly problems: readonly ConfigurationProblem[] } {
  const problems = names.flatMap((name, index) =>
    isJwsAlgorithm(name)
      ? []
      : [{ path: `${path}[${index}]`, message: `oidc: unsupported signing alg: ${quoted(name)}` }],
  )
  if (names.length === 0) return { algorithms: [], problems: [{ path, message: 'must not be empty' }] }
  return { algorithms: names.filter(isJwsAlgorithm), problems }
}
