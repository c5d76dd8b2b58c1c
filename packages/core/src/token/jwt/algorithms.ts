import { quoted } from '@kube-authn/internal/quote'
import type { ConfigurationProblem } from '../../authenticator/errors.ts'

/**
 * The signing algorithms that OpenID Connect tokens may use: those of kube-apiserver's `--oidc-signing-algs`. `none` and HMAC are never
 * accepted.
 *
 * Source: apiserver `plugin/pkg/authenticator/token/oidc/oidc.go` (`allowedSigningAlgs`), RFC 7518 section 3.1.
 */
export const JWS_ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'ES256',
  'ES384',
  'ES512',
  'PS256',
  'PS384',
  'PS512',
] as const

export type JwsAlgorithm = (typeof JWS_ALGORITHMS)[number]

export function isJwsAlgorithm(name: string): name is JwsAlgorithm {
  return JWS_ALGORITHMS.some((algorithm) => algorithm === name)
}

export const RSA_ALGORITHMS: ReadonlySet<JwsAlgorithm> = new Set(
  JWS_ALGORITHMS.filter((algorithm) => !algorithm.startsWith('ES')),
)

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
