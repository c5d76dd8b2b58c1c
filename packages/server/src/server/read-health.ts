import { allow, type Authorizer, noOpinion, type RuleResolver } from '@kube-authn/core/authorization'

const PATHS: ReadonlySet<string> = new Set(['/healthz', '/livez', '/readyz'])
const VERBS: ReadonlySet<string> = new Set(['get', 'head'])

/**
 * Allows users to read the health of the server, as the role `system:public-info-viewer` does: a probe must not depend on a copy of the roles, which may be too old to
 * decide anything. It is asked last, so that what roles allow is allowed by them, and lists no rules of its own.
 *
 * Deviation: those who probe need no role (`docs/deviations.md`, health).
 */
export const readHealth: Authorizer & RuleResolver = {
  name: 'readHealth',
  authorize: (attributes) =>
    !attributes.resourceRequest && PATHS.has(attributes.path) && VERBS.has(attributes.verb)
      ? allow()
      : noOpinion(),
  rulesFor: () => ({ resourceRules: [], nonResourceRules: [], incomplete: false }),
}
