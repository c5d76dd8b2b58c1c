import type { ExplainedStep } from '@kube-authn/core'

/**
 * The steps that decided, without those that only passed on what another one said: unions, caches, added groups, and extraction of a token that
 * another one checks.
 */
export function significantSteps(step: ExplainedStep): readonly ExplainedStep[] {
  if (step.steps.length === 0) return [step]
  const inner = step.steps.flatMap(significantSteps)
  const isOwn = isFailure(step) && !inner.some(({ outcome }) => outcome === step.outcome)
  return isOwn ? [...inner, step] : inner
}

function isFailure({ outcome }: ExplainedStep): boolean {
  return outcome === 'rejected' || outcome === 'unavailable'
}

/** The name of an authenticator without the wrappers around it: `oidc` for `cached(cached(oidc))`. */
export function plainName(authenticator: string): string {
  const inside = /^(?:cached|audienceAgnostic|authenticatedGroup|addGroups|failFast)\((.+)\)$/.exec(
    authenticator,
  )?.[1]
  return inside === undefined ? authenticator : plainName(inside)
}
