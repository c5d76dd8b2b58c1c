import { ANONYMOUS_USERNAME } from '@kube-authn/core/internal'
import type { PolicyRule } from '@kube-authn/core/authorization'
import type { Decided, Findings } from './findings.ts'
import { enumeration, type Html, literal, markup } from './markup.ts'

/** Who makes the request, as the heading of the page. */
export function headline({ user, requester }: Findings): Html {
  if (user === undefined) return markup`You are not authenticated`
  if (requester !== undefined) {
    return markup`You are ${strong(requester.username)}, acting as ${strong(user.username)}`
  }
  return markup`You are ${user.username === ANONYMOUS_USERNAME ? markup`<strong>anonymous</strong>` : strong(user.username)}`
}

/** The decision of the authorizer as a sentence, and the role that allows it. */
export function decisionSentence({ isAllowed, attributes, reason, grant }: Decided): Html {
  const { user } = attributes
  const may = markup`${strong(user.username)} ${isAllowed ? 'may' : 'may not'} ${action(attributes)}`
  if (isAllowed) {
    const told = grant === undefined ? readReason(reason) : bindingOf(grant)
    if (told !== undefined) {
      return markup`${may}, since the ${told.roleKind} ${quote(told.role)} is bound to the ${told.subjectKind} ${quote(told.subject)}.`
    }
    return reason === '' ? markup`${may}.` : markup`${may}: ${literal(reason)}.`
  }
  if (reason !== '') return markup`${may}: ${literal(reason)}`
  const groups = user.groups.map(quote)
  const orGroups =
    groups.length === 0
      ? undefined
      : markup` or to the ${groups.length === 1 ? 'group' : 'groups'} ${enumeration(groups, 'or')}`
  return markup`${may}: no role that is bound to ${quote(user.username)}${orGroups} allows it.`
}

/** The binding and the rule that allow a request. */
export function grantSentence({ grant, reason }: Decided): Html | undefined {
  const told = grant === undefined ? readReason(reason) : bindingOf(grant)
  if (told === undefined) return undefined
  const rule = grant === undefined ? undefined : markup` Its rule allows ${ruleWords(grant.rule)}.`
  return markup`It is bound by the ${told.bindingKind} ${quote(told.binding)}.${rule}`
}

function ruleWords({ verbs, resources, resourceNames, apiGroups, nonResourceURLs }: PolicyRule): Html {
  const what = words(verbs, 'every verb')
  if (nonResourceURLs.length > 0) return markup`${what} on ${words(nonResourceURLs, 'every path')}`
  const named = resourceNames.length === 0 ? undefined : markup` named ${words(resourceNames, 'anything')}`
  const groups = apiGroups.filter((group) => group !== '' && group !== '*')
  const inGroups = groups.length === 0 ? undefined : markup` of ${words(groups, 'every API group')}`
  return markup`${what} on ${words(resources, 'every resource')}${named}${inGroups}`
}

function action({
  verb,
  resourceRequest,
  resource,
  subresource,
  name,
  namespace,
  path,
}: Decided['attributes']): Html {
  if (!resourceRequest) return markup`${code(verb)} the path ${code(path)}`
  const what = subresource === '' ? resource : `${resource}/${subresource}`
  return markup`${code(verb)} ${code(what)}${name === '' ? undefined : markup` ${quote(name)}`}${
    namespace === '' ? undefined : markup` in the namespace ${quote(namespace)}`
  }`
}

interface Binding {
  readonly roleKind: string
  readonly role: string
  readonly subjectKind: string
  readonly subject: string
  readonly bindingKind: string
  readonly binding: string
}

function bindingOf({ binding, subject }: NonNullable<Decided['grant']>): Binding {
  const { roleRef } = binding
  return {
    roleKind: roleRef.kind,
    role: roleRef.name,
    subjectKind: KINDS.get(subject.kind) ?? subject.kind,
    subject: subject.name,
    bindingKind: binding.kind,
    binding: binding.name,
  }
}

const KINDS: ReadonlyMap<string, string> = new Map([
  ['User', 'user'],
  ['Group', 'group'],
  ['ServiceAccount', 'service account'],
])

/**
 * The binding that an RBAC authorizer names in its reason. That of kube-apiserver does too, over a SubjectAccessReview.
 *
 * Source: kubernetes `plugin/pkg/auth/authorizer/rbac/rbac.go`.
 */
function readReason(reason: string): Binding | undefined {
  const [, bindingKind = '', binding, roleKind, role, subjectKind, subject] = REASON.exec(reason) ?? []
  if (roleKind === undefined || subjectKind === undefined) return undefined
  return {
    roleKind,
    role: unquoted(role),
    subjectKind: KINDS.get(subjectKind) ?? subjectKind,
    subject: unquoted(subject),
    bindingKind,
    binding: unquoted(binding),
  }
}

const NAME = String.raw`"((?:[^"\\]|\\.)*)"`
const REASON = new RegExp(
  String.raw`^RBAC: allowed by ((?:Cluster)?RoleBinding) ${NAME} of ((?:Cluster)?Role) ${NAME} to (User|Group|ServiceAccount) ${NAME}$`,
)

function unquoted(text = ''): string {
  return text.replaceAll(/\\(["\\])/g, '$1')
}

function words(values: readonly string[], every: string): Html {
  return values.includes('*') ? markup`${every}` : enumeration(values.map(code))
}

export function quote(text: string): Html {
  return markup`<q>${literal(text)}</q>`
}

/** A term of Kubernetes or of HTTP. */
export function code(text: string): Html {
  return markup`<code>${literal(text)}</code>`
}

function strong(text: string): Html {
  return markup`<strong>${literal(text)}</strong>`
}
