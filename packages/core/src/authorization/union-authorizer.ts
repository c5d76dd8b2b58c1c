import { DEFAULT_KUBERNETES_VERSION } from '@kube-authn/internal/kubernetes-version'
import type { KubernetesVersion } from '../authenticator/kubernetes-version.ts'
import { type Awaitable, firstOf } from '../internal/awaitable.ts'
import type { Attributes } from './attributes.ts'
import type { Authorizer, RuleResolver } from './authorizer.ts'
import type { Context } from '../authenticator/context.ts'
import { decide } from './decide.ts'
import { type Decision, noOpinion } from './decision.ts'
import { aggregateErrors } from './aggregate-errors.ts'
import type { AuthorizationError } from './errors.ts'
import { anAuthorizer, refuseProblems } from '../internal/options/index.ts'
import { rulesOfAll } from './rules-of.ts'

/**
 * Asks authorizers in order until one allows or denies, and returns its decision; earlier errors are dropped. If none does, the verdict is
 * `noOpinion`, with all reasons, one per line, and all errors aggregated. Rules are listed together.
 *
 * Source: apiserver `pkg/authorization/union/union.go`.
 *
 * @throws {ConfigurationError} when an argument is not an authorizer.
 * @example
 * const authorizer = unionAuthorizer(privilegedGroups('system:masters'), rbac(policy))
 */
export function unionAuthorizer(...authorizers: readonly Authorizer[]): Authorizer & RuleResolver {
  refuseProblems(authorizers.flatMap((each, index) => anAuthorizer(each, `authorizers[${index}]`)))
  return namedUnion(
    authorizers.map((authorizer) => ({ authorizer, name: authorizer.name })),
    DEFAULT_KUBERNETES_VERSION,
  )
}

/** An authorizer of a union, and what stands before its reasons since 1.37; nothing before those of another union. */
export interface Member {
  readonly authorizer: Authorizer
  readonly name?: string | undefined
}

/** {@link unionAuthorizer}, with the reasons of a release. */
export function namedUnion(
  members: readonly Member[],
  version: KubernetesVersion,
): Authorizer & RuleResolver {
  const authorizers = members.map(({ authorizer }) => authorizer)
  const named =
    version < '1.37' ? members.map(({ authorizer }) => ({ authorizer, name: undefined })) : members
  return {
    name: 'union',
    authorize: (attributes, context) => firstOpinion(named, attributes, context),
    rulesFor: (user, namespace) => rulesOfAll(authorizers, user, namespace),
  }
}

function firstOpinion(
  members: readonly Member[],
  attributes: Attributes,
  context: Context,
): Awaitable<Decision> {
  const reasons: string[] = []
  const errors: AuthorizationError[] = []

  const opinionOf = ({ name }: Member, decision: Decision): Decision | undefined => {
    if (decision.verdict !== 'noOpinion') return decision
    if (decision.reason !== '')
      reasons.push(name === undefined ? decision.reason : `${name}: ${decision.reason}`)
    if (decision.error !== undefined) errors.push(decision.error)
    return undefined
  }

  return firstOf(
    members,
    ({ authorizer }) => decide(authorizer, attributes, context),
    opinionOf,
    () => noOpinion(reasons.join('\n'), aggregateErrors(errors)),
  )
}
