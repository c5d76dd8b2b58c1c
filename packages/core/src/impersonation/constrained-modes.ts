import type { Attributes } from '../authorization/attributes.ts'
import { forbidden } from '../authorization/forbidden.ts'
import { MASTERS_GROUP } from '../authorization/privileged-groups.ts'
import { domainPrefixedPathProblems } from '@kube-authn/internal/kubernetes-names'
import { errorList } from '../internal/field/errors.ts'
import { fieldPath } from '../internal/field/path.ts'
import { quoted } from '@kube-authn/internal/quote'
import type { StatusError } from '../authenticator/status.ts'
import { userInfo, type UserInfo } from '../authenticator/user.ts'
import { AUTHENTICATION_API_GROUP, type Check, impersonationAttributes } from './checks.ts'
import { serviceAccountNamed } from '../authenticator/service-account-name.ts'
import { nodeNamed, type WantedUser } from './wanted-user.ts'

/** A mode of constrained impersonation: acting as certain users, for certain requests (KEP-5284). */
export interface ConstrainedMode {
  readonly name: 'associated-node' | 'arbitrary-node' | 'serviceaccount' | 'user-info'
  applies(wanted: WantedUser, requester: UserInfo): boolean
  /** The user that the authorizer is asked about. */
  requester(requester: UserInfo): UserInfo
  /** The wanted user as part of the cache key: requests with an equal one share an answer. */
  cachedAs(wanted: WantedUser): WantedUser
  checks(wanted: WantedUser, requester: UserInfo): readonly (Check | StatusError)[]
  /** The groups of the user, if the mode sets them instead of the headers. */
  readonly groups?: readonly string[]
}

const NODE_NAME_KEY = 'authentication.kubernetes.io/node-name'
const NODE_KEYS_KEY = 'authentication.kubernetes.io/associated-node-keys'
const NODE_GROUPS = ['system:nodes']

const itself = <T>(value: T): T => value

/** A service account acts as the node it runs on. The check does not name the node, so one answer covers all nodes; `applies` has already verified that it is the right one. */
const associatedNode: ConstrainedMode = {
  name: 'associated-node',
  groups: NODE_GROUPS,
  applies(wanted, requester) {
    const node = nodeNamed(wanted.username)
    if (node === undefined || !isOnlyUsername(wanted)) return false
    if (serviceAccountNamed(requester.username) === undefined) return false
    const names = extraValues(requester, NODE_NAME_KEY)
    return names.length === 1 && names[0] === node
  },
  requester: (requester) =>
    userInfo({ ...requester, extra: { [NODE_KEYS_KEY]: Object.keys(requester.extra).toSorted() } }),
  cachedAs: (wanted) => ({ ...wanted, username: 'system:node:*' }),
  checks: (_, requester) => [
    { each: [question('associated-node', requester, { resource: 'nodes', name: '*' })] },
  ],
}

const arbitraryNode: ConstrainedMode = {
  name: 'arbitrary-node',
  groups: NODE_GROUPS,
  applies: (wanted) => isOnlyUsername(wanted) && nodeNamed(wanted.username) !== undefined,
  requester: itself,
  cachedAs: itself,
  checks: (wanted, requester) => {
    const name = nodeNamed(wanted.username) ?? ''
    return [{ each: [question('arbitrary-node', requester, { resource: 'nodes', name })] }]
  },
}

const serviceAccount: ConstrainedMode = {
  name: 'serviceaccount',
  applies: (wanted) => isOnlyUsername(wanted) && serviceAccountNamed(wanted.username) !== undefined,
  requester: itself,
  cachedAs: itself,
  checks: (wanted, requester) => {
    const name = serviceAccountNamed(wanted.username) ?? { namespace: '', name: '' }
    return [{ each: [question('serviceaccount', requester, { resource: 'serviceaccounts', ...name })] }]
  },
}

/** Any user that is neither a node nor a service account, with uid, groups and extra fields. */
const userInfoMode: ConstrainedMode = {
  name: 'user-info',
  applies: ({ username }) => nodeNamed(username) === undefined && serviceAccountNamed(username) === undefined,
  requester: itself,
  cachedAs: itself,
  checks: (wanted, requester) => {
    const ask = (item: Item): Attributes => question('user-info', requester, item)
    return [
      { each: [ask({ resource: 'users', name: wanted.username })] },
      { each: wanted.uid === '' ? [] : [ask({ resource: 'uids', name: wanted.uid })] },
      groupsCheck(wanted.groups, ask),
      extraCheck(wanted.extra, ask),
    ]
  },
}

/** The modes in the order they are tried, before the verb `impersonate`. */
export const CONSTRAINED_MODES: readonly ConstrainedMode[] = [
  associatedNode,
  arbitraryNode,
  serviceAccount,
  userInfoMode,
]

/** From this number of items on, the wildcard is checked before the single items. */
const MANY = 4

function groupsCheck(groups: readonly string[], ask: (item: Item) => Attributes): Check | StatusError {
  const resource = 'groups'
  if (groups.includes('')) {
    return forbidden(ask({ resource, name: '' }), 'impersonating the empty string group is not allowed')
  }
  if (groups.includes(MASTERS_GROUP)) {
    const reason = 'impersonating the system:masters group is not allowed'
    return forbidden(ask({ resource, name: MASTERS_GROUP }), reason)
  }
  const each = groups.map((name) => ask({ resource, name }))
  return groups.length < MANY ? { each } : { each, wildcard: ask({ resource, name: '*' }) }
}

function extraCheck(extra: WantedUser['extra'], ask: (item: Item) => Attributes): Check | StatusError {
  const resource = 'userextras'
  for (const [key, values] of extra) {
    const problem = extraProblem(key, values)
    if (problem !== undefined) return forbidden(ask({ resource, name: '' }), problem)
  }
  const each = [...extra].flatMap(([subresource, values]) =>
    values.map((name) => ask({ resource, subresource, name })),
  )
  const isLarge = extra.size >= MANY || each.length >= MANY
  return isLarge ? { each, wildcard: ask({ resource, subresource: '*', name: '*' }) } : { each }
}

function extraProblem(key: string, values: readonly string[]): string | undefined {
  if (key === '') return 'impersonating the empty string key in extra is not allowed'
  const errors = errorList()
  for (const { value, problem } of domainPrefixedPathProblems(key)) {
    errors.invalid(fieldPath('extra', 'key'), value, problem)
  }
  if (errors.errors.length > 0) {
    return `impersonating an invalid key in extra is not allowed: ${errors.toString()}`
  }
  if (key !== key.toLowerCase()) {
    return `impersonating a non-lowercase key in extra is not allowed: ${quoted(key)}`
  }
  if (values.includes('')) return 'impersonating the empty string value in extra is not allowed'
  return undefined
}

type Item = Parameters<typeof impersonationAttributes>[3]

function question(mode: ConstrainedMode['name'], requester: UserInfo, item: Item): Attributes {
  return impersonationAttributes(requester, `impersonate:${mode}`, AUTHENTICATION_API_GROUP, item)
}

function isOnlyUsername(wanted: WantedUser): boolean {
  return wanted.uid === '' && wanted.groups.length === 0 && wanted.extra.size === 0
}

function extraValues(user: UserInfo, key: string): readonly string[] {
  return Object.hasOwn(user.extra, key) ? (user.extra[key] ?? []) : []
}
