import type { ConfigurationProblem } from '../authenticator/errors.ts'
import { aString, listOf, refuseProblems } from '../internal/options/index.ts'
import { quoted } from '@kube-authn/internal/quote'
import type { Authorizer, RuleResolver } from './authorizer.ts'
import { allow, noOpinion } from './decision.ts'

/**
 * Allows non-resource paths to every user (`--authorization-always-allow-paths`). A trailing star matches anything; a leading slash is
 * optional. The default of Kubernetes components is `/healthz`, `/readyz`, `/livez`.
 *
 * Source: apiserver `pkg/authorization/path/path.go`.
 *
 * @throws {ConfigurationError} when `paths` is not a list of strings, or a star is not at the end of a path.
 * @example
 * const authorizer = unionAuthorizer(allowPaths(['/healthz', '/public/*']), rbac(policy))
 */
export function allowPaths(paths: readonly string[]): Authorizer & RuleResolver {
  refuseProblems(listOf(aString)(paths, 'paths'))
  const exact = new Set<string>()
  const prefixes: string[] = []
  const problems: ConfigurationProblem[] = []
  for (const [index, each] of paths.entries()) {
    const path = withoutSlash(each)
    const star = path.indexOf('*')
    if (star === -1) exact.add(path)
    else if (star === path.length - 1) prefixes.push(path.slice(0, -1))
    else {
      problems.push({ path: `paths[${index}]`, message: `only trailing * allowed in ${quoted(path)}` })
    }
  }
  refuseProblems(problems)

  const nonResourceURLs = paths.map((each) => `/${withoutSlash(each)}`)
  return {
    name: 'allowPaths',
    authorize(attributes) {
      if (attributes.resourceRequest) return noOpinion()
      const path = withoutSlash(attributes.path)
      return exact.has(path) || prefixes.some((prefix) => path.startsWith(prefix)) ? allow() : noOpinion()
    },
    rulesFor: () => ({
      resourceRules: [],
      nonResourceRules: paths.length === 0 ? [] : [{ verbs: ['*'], nonResourceURLs }],
      incomplete: false,
    }),
  }
}

function withoutSlash(path: string): string {
  return path.startsWith('/') ? path.slice(1) : path
}
