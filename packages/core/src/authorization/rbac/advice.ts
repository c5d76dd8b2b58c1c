import type { Steps } from '../../internal/steps.ts'
import type { AnyBinding, AnyRole, PolicyRule, RbacObject } from './objects.ts'

/** Something in a policy that is valid, but probably does not do what its author meant. */
export interface RbacAdvice {
  readonly code:
    | 'clusterScopedInRole'
    | 'danglingRoleRef'
    | 'foreignObject'
    | 'grantsNothing'
    | 'ignoredNamespace'
    | 'nameNeverKnown'
    | 'wrongApiGroup'
  /** The object and the path in it, as in `ClusterRole "x": rules[0]`. */
  readonly path: string
  readonly message: string
}

/** Finds probable mistakes in valid objects. */
export function* adviceOn(objects: readonly RbacObject[]): Steps<readonly RbacAdvice[]> {
  const roles = new Set<string>()
  for (const [position, object] of objects.entries()) {
    if (position % OBJECTS_IN_A_STEP === 0) yield
    if (isRole(object)) roles.add(keyOf(object))
  }
  const advice: RbacAdvice[] = []
  for (const [position, object] of objects.entries()) {
    if (position % OBJECTS_IN_A_STEP === 0) yield
    for (const each of isRole(object) ? adviceOnRole(object) : adviceOnBinding(object, roles))
      advice.push(each)
  }
  return advice
}

const OBJECTS_IN_A_STEP = 256

type Named = Readonly<Record<'kind' | 'namespace' | 'name', string>>

/** A key of its own for each object. */
export function keyOf({ kind, namespace, name }: Named): string {
  return JSON.stringify([kind, namespace, name])
}

export function objectText({ kind, namespace, name }: Named): string {
  return `${kind} ${JSON.stringify(namespace === '' ? name : `${namespace}/${name}`)}`
}

function isRole(object: RbacObject): object is AnyRole {
  return object.kind === 'Role' || object.kind === 'ClusterRole'
}

const NONE: readonly RbacAdvice[] = []

function adviceOnBinding(binding: AnyBinding, roles: ReadonlySet<string>): readonly RbacAdvice[] {
  const { kind, name } = binding.roleRef
  if (roles.has(keyOf({ kind, namespace: kind === 'Role' ? binding.namespace : '', name }))) return NONE
  const message = `there is no ${kind} ${JSON.stringify(name)}, so it grants nothing`
  return [{ code: 'danglingRoleRef', path: `${objectText(binding)}: roleRef`, message }]
}

function adviceOnRole(role: AnyRole): readonly RbacAdvice[] {
  return role.rules.flatMap((rule, index) =>
    adviceOnRule(rule, role.kind).map((advice) => ({
      ...advice,
      path: `${objectText(role)}: rules[${index}]`,
    })),
  )
}

type RuleAdvice = Omit<RbacAdvice, 'path'>

function adviceOnRule(rule: PolicyRule, kind: AnyRole['kind']): readonly RuleAdvice[] {
  return [
    ...rule.verbs.filter(isPattern).map((verb) => nothing(`verb ${verb} is not a pattern`)),
    ...rule.apiGroups
      .filter((group) => isPattern(group) || /^v[0-9]/.test(group))
      .map((group) => nothing(`${group} is not an API group; the core group is ""`)),
    ...rule.resources
      .filter((resource) => resource.includes('*', 1))
      .map((resource) => nothing(`resource ${resource} is not a pattern`)),
    ...rule.nonResourceURLs
      .filter((url) => url !== '*' && (!url.startsWith('/') || url.replace(/\*+$/, '').includes('*')))
      .map((url) =>
        nothing(`URL ${url} never matches: it must start with a slash, and have stars only at its end`),
      ),
    ...adviceOnImpersonation(rule, kind),
    ...adviceOnNames(rule),
  ]
}

const EXTRA_GROUP = 'authentication.k8s.io'
const CLUSTER_SCOPED = new Set(['users', 'groups', 'uids', 'userextras'])

function adviceOnImpersonation(rule: PolicyRule, kind: AnyRole['kind']): readonly RuleAdvice[] {
  if (!rule.verbs.some((verb) => verb === 'impersonate' || verb.startsWith('impersonate:'))) return []
  const isConstrained = !rule.verbs.includes('impersonate')
  return rule.resources.flatMap((resource): readonly RuleAdvice[] => {
    const [plain = ''] = resource.split('/')
    const isExtra = plain === 'uids' || plain === 'userextras'
    if (kind === 'Role' && CLUSTER_SCOPED.has(plain)) {
      return [
        {
          code: 'clusterScopedInRole',
          message: `${plain} are cluster-scoped, so a Role never grants them`,
        },
      ]
    }
    if (resource === 'userextras') return [nothing('an extra field must be granted as userextras/<key>')]
    const group = isExtra || isConstrained ? EXTRA_GROUP : ''
    const isKnown = isExtra || CLUSTER_SCOPED.has(plain) || ['serviceaccounts', 'nodes'].includes(plain)
    if (!isKnown || rule.apiGroups.includes(group) || rule.apiGroups.includes('*')) return []
    const message = `${resource} are impersonated in API group ${JSON.stringify(group)}, so this grants nothing`
    return [{ code: 'wrongApiGroup', message }]
  })
}

const NAMELESS_VERBS = new Set(['create', 'deletecollection', 'list', 'watch'])

function adviceOnNames(rule: PolicyRule): readonly RuleAdvice[] {
  if (rule.resourceNames.length === 0) return []
  const advice: RuleAdvice[] = []
  if (rule.verbs.every((verb) => verb === 'create' || verb === 'deletecollection')) {
    const message = `${rule.verbs.join(' and ')} requests have no name, so resourceNames match none of them`
    advice.push({ code: 'nameNeverKnown', message })
  }
  if (rule.resourceNames.includes('') && !rule.verbs.some((verb) => NAMELESS_VERBS.has(verb))) {
    advice.push({
      code: 'nameNeverKnown',
      message: 'an empty name in resourceNames matches only requests without a name',
    })
  }
  return advice
}

function nothing(message: string): RuleAdvice {
  return { code: 'grantsNothing', message }
}

/** A star that is only part of the string is an ordinary character. */
function isPattern(text: string): boolean {
  return text.length > 1 && text.includes('*')
}
