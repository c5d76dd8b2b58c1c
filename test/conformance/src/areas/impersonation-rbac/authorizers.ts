import type { Context } from '@kube-authn/core'
import {
  allow,
  alwaysAllow,
  type Attributes,
  AuthorizationError,
  type Authorizer,
  decide,
  type Decision,
  deny,
  MASTERS_GROUP,
  noOpinion,
  privilegedGroups,
  rbac,
  rbacPolicy,
} from '@kube-authn/core/authorization'
import type { Fields } from '../../reading.ts'

/** A decision in a vector. */
export interface VectorDecision {
  readonly decision?: 'allow' | 'deny' | 'noopinion'
  readonly reason?: string
  readonly error?: string
}

/** An authorizer in a vector. */
export type VectorAuthorizer =
  | { readonly type: 'alwaysAllow' }
  | { readonly type: 'rbac'; readonly objects: readonly unknown[] }
  | {
      readonly type: 'table'
      readonly rules: readonly (VectorDecision & Readonly<Record<string, string>>)[]
      readonly default?: VectorDecision
    }

export function authorizerOf(given: VectorAuthorizer | undefined): Authorizer {
  if (given === undefined || given.type === 'alwaysAllow') return alwaysAllow()
  if (given.type === 'rbac') return mastersFirst(rbac(rbacPolicy(given.objects)))
  const rules = given.rules.map(({ decision, reason, error, ...fields }) => ({
    fields,
    answer: { decision, reason, error } as VectorDecision,
  }))
  return {
    name: 'table',
    authorize(attributes) {
      const rule = rules.find(({ fields }) => matches(fields, attributes))
      return decisionOf(rule?.answer ?? given.default ?? {})
    },
  }
}

export function decisionOf({ decision, reason, error }: VectorDecision): Decision {
  const failure = error === undefined ? undefined : new AuthorizationError(error)
  if (decision === 'deny') return deny(reason, failure)
  if (decision !== 'allow') return noOpinion(reason, failure)
  return failure === undefined ? allow(reason) : { ...allow(reason), error: failure }
}

/** The names of verdicts in vectors. */
export function vectorVerdict({ verdict }: Decision): string {
  return verdict === 'noOpinion' ? 'noopinion' : verdict
}

function mastersFirst(next: Authorizer): Authorizer {
  const masters = privilegedGroups(MASTERS_GROUP)
  return {
    name: 'mastersFirst',
    async authorize(attributes: Attributes, context: Context) {
      const decision = await decide(masters, attributes, context)
      return decision.verdict === 'noOpinion' ? decide(next, attributes, context) : decision
    },
  }
}

function matches(fields: Readonly<Record<string, unknown>>, attributes: Attributes): boolean {
  return Object.entries(fields).every(([field, value]) => {
    if (value === undefined) return true
    if (field === 'user') return attributes.user.username === value
    if (field === 'group') return attributes.user.groups.some((group) => group === value)
    return (attributes as unknown as Readonly<Record<string, unknown>>)[field] === value
  })
}

/** An authorizer, as {@link authorizerOf} reads it. */
export const AUTHORIZER: Fields = [
  'type objects',
  {
    rules:
      'verb apiGroup apiVersion namespace resource subresource name path user group decision reason error',
    default: 'decision reason error',
  },
]
