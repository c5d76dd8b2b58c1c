import { explainedImpersonation } from '@kube-authn-test/conformance/live/authz/explained-impersonation'
import type { RecordedImpersonation } from '@kube-authn-test/conformance/live/authz/impersonation'
import { impersonationDifferences } from '@kube-authn-test/conformance/live/authz/impersonation-differences'
import { type Framework, FRAMEWORKS } from '@kube-authn-test/conformance/live/http/framework-apps'
import type { HttpAnswer } from '@kube-authn-test/conformance/live/http/http-client'
import type { RecordedRequest } from '@kube-authn-test/conformance/live/http/recorded-request'
import type { Random } from '../../../fuzz/lib/random.mjs'
import { type Area, area } from '../area.ts'
import type { FrontProxy } from '../front-proxy.ts'
import type { PolicyManifest } from '../policies.ts'
import type { Sides } from '../sides.ts'

interface Question extends RecordedRequest {
  readonly framework: Framework
}

type Header = readonly [string, string]

/** Requests in the name of others, of requesters with some of the permissions for it. */
export function impersonation({ policies }: Sides, { askThere, askHere }: FrontProxy): Area {
  return area<Question, RecordedImpersonation>({
    name: 'impersonation',
    explanations: explainedImpersonation,
    fixed: ['framework', 'method', 'user', 'target', 'body'],
    question: impersonationQuestion,
    async compare({ framework, ...request }) {
      const { authorizer } = await policies.enforce(IMPERSONATION_POLICY)
      const answers: HttpAnswer[] = [await askThere(request)]
      // Extra fields have no order there: any may be the one that is refused.
      for (let again = 0; again < repetitions(request, answers[0]); again++)
        answers.push(await askThere(request))
      const here = await askHere(framework, authorizer, request)
      return {
        asked: { id: '', ...request, answers, audit: {} },
        differences: impersonationDifferences(answers, here),
      }
    },
  })
}

function repetitions({ headers = [] }: RecordedRequest, { status = 0 }: Partial<HttpAnswer> = {}): number {
  const keys = headers.flatMap(([name]) => (/^impersonate-extra-/i.test(name) ? [name.toLowerCase()] : []))
  return status === 403 && new Set(keys).size > 1 ? 7 : 0
}

const RBAC = 'rbac.authorization.k8s.io'
const AUTHENTICATION = 'authentication.k8s.io'
const NAMESPACE = 'impersonated'
type Rule = Readonly<Record<string, readonly string[]>>

function rule(verb: string, apiGroup: string, resource: string, ...resourceNames: string[]): Rule {
  const names = resourceNames.length > 0 && { resourceNames }
  return { verbs: [verb], apiGroups: [apiGroup], resources: [resource], ...names }
}
const constrained = (mode: string, resource: string, ...names: string[]): Rule =>
  rule(`impersonate:${mode}`, AUTHENTICATION, resource, ...names)
const on = (mode: string, verb: string, group: string, resource: string): Rule =>
  rule(`impersonate-on:${mode}:${verb}`, group, resource)

/** The group `may:NAME` has the rule. */
const PERMISSIONS: Readonly<Record<string, Rule>> = {
  users: rule('impersonate', '', 'users'),
  mia: rule('impersonate', '', 'users', 'mia'),
  groups: rule('impersonate', '', 'groups'),
  team: rule('impersonate', '', 'groups', 'team', 'ops'),
  accounts: rule('impersonate', '', 'serviceaccounts'),
  uids: rule('impersonate', AUTHENTICATION, 'uids'),
  'uid-7': rule('impersonate', AUTHENTICATION, 'uids', '7'),
  scopes: rule('impersonate', AUTHENTICATION, 'userextras/scopes'),
  'scopes-view': rule('impersonate', AUTHENTICATION, 'userextras/scopes', 'view'),
  extras: rule('impersonate', AUTHENTICATION, 'userextras/*'),
  'extras-of-core': rule('impersonate', '', 'userextras/scopes'),
  all: rule('impersonate', '*', '*'),
  everything: rule('*', '*', '*'),
  'c-users': constrained('user-info', 'users'),
  'c-mia': constrained('user-info', 'users', 'mia'),
  'c-groups': constrained('user-info', 'groups'),
  'c-team': constrained('user-info', 'groups', 'team', 'ops'),
  'c-uids': constrained('user-info', 'uids'),
  'c-scopes': constrained('user-info', 'userextras/scopes'),
  'c-extras': constrained('user-info', 'userextras/*'),
  'c-all': rule('impersonate:*', '*', '*'),
  'c-accounts': constrained('serviceaccount', 'serviceaccounts'),
  'c-nodes': constrained('arbitrary-node', 'nodes'),
  'c-n1': constrained('arbitrary-node', 'nodes', 'n1'),
  'c-own-node': constrained('associated-node', 'nodes', '*'),
  'on-user-review': on('user-info', 'create', AUTHENTICATION, 'selfsubjectreviews'),
  'on-user-pods': on('user-info', 'list', '', 'pods'),
  'on-user-all': on('user-info', '*', '*', '*'),
  'on-user-path': { verbs: ['impersonate-on:user-info:get'], nonResourceURLs: ['/healthz', '/paths/*'] },
  'on-account-review': on('serviceaccount', 'create', AUTHENTICATION, 'selfsubjectreviews'),
  'on-node-review': on('arbitrary-node', 'create', AUTHENTICATION, 'selfsubjectreviews'),
  'on-own-node-review': on('associated-node', 'create', AUTHENTICATION, 'selfsubjectreviews'),
}
const NAMES = Object.keys(PERMISSIONS)

const IMPERSONATION_POLICY: readonly PolicyManifest[] = [
  ...NAMES.flatMap((name) => bound('ClusterRoleBinding', name, `may:${name}`)),
  ...['accounts', 'c-accounts'].flatMap((name) => bound('RoleBinding', name, `may:${name}-there`).slice(1)),
]

function bound(kind: string, name: string, group: string): readonly PolicyManifest[] {
  const apiVersion = `${RBAC}/v1`
  const metadata = { name: `impersonation:${name}` }
  const subjects = [{ kind: 'Group', apiGroup: RBAC, name: group }]
  const roleRef = { apiGroup: RBAC, kind: 'ClusterRole', name: metadata.name }
  const namespaced = kind === 'RoleBinding' && { namespace: NAMESPACE }
  return [
    { apiVersion, kind: 'ClusterRole', metadata, rules: [PERMISSIONS[name]] },
    { apiVersion, kind, metadata: { ...metadata, ...namespaced }, subjects, roleRef },
  ]
}

/** What attempts need, or nearly. */
const KITS = [
  'users groups uids scopes extras',
  'mia team uid-7 scopes-view',
  'accounts-there',
  'accounts',
  'all',
  'everything',
  'users',
  'c-users c-groups c-uids c-scopes on-user-review on-user-pods',
  'c-mia c-team on-user-review c-extras',
  'c-users c-extras c-groups on-user-all on-user-path',
  'c-all on-user-review',
  'c-accounts on-account-review',
  'c-accounts-there on-account-review',
  'c-nodes on-node-review',
  'c-n1 on-node-review',
  'c-own-node on-own-node-review',
].map((names) => names.split(' '))

const ACCOUNT = `system:serviceaccount:${NAMESPACE}`
const USERS =
  `mia|mia|joe|n\u00fc "q" <b>|${ACCOUNT}:web|${ACCOUNT}:web|system:serviceaccount:other:a.b|${ACCOUNT}|
system:serviceaccount:Bad:x|system:node:n1|system:node:n1|system:node:n2|system:node:Bad_Name|system:node:|
system:anonymous|system:admin|a, b| padded |`.split(/\|\n?/)
const GROUPS =
  'team|team|ops|other|system:masters|system:authenticated|system:unauthenticated|system:nodes||*|a, b|\u00fc'.split(
    '|',
  )
const KEYS = 'scopes|scopes|Scopes|example.org%2Fteam|a%20b|bad%zz|%C3%BC||x%|%FF|*|a+b'.split('|')
const VALUES = ['view', 'view', 'edit', '', '*', '\u00fc', 'a, b']
const NODE_NAME = 'X-Remote-Extra-Authentication.kubernetes.io%2fnode-name'
const REVIEW = {
  method: 'POST',
  target: `/apis/${AUTHENTICATION}/v1/selfsubjectreviews`,
  headers: [['Content-Type', 'application/json']],
  body: '{}',
} as const
const REQUESTS: readonly { method: string; target: string; headers?: readonly Header[]; body?: string }[] = [
  REVIEW,
  REVIEW,
  REVIEW,
  { method: 'GET', target: `/api/v1/namespaces/${NAMESPACE}/pods` },
  { method: 'GET', target: '/api/v1/pods?fieldSelector=metadata.name%3Dx&labelSelector=-' },
  { method: 'DELETE', target: '/api/v1/pods' },
  { method: 'GET', target: '/paths/x' },
]

export function impersonationQuestion(random: Random, index: number): Question {
  const isAccount = random.oneIn(5)
  const granted = random.some([...random.some(KITS, 0.25).flat(), ...random.some(NAMES, 0.03)], 0.92)
  const user = isAccount ? `${ACCOUNT}:agent-${index}` : `requester-${index}`
  const node = random.oneIn(isAccount ? 2 : 10) ? [[NODE_NAME, random.pick(['n1', 'n1', 'n2'])] as const] : []
  const wanted: readonly Header[] = [
    ...random.list(random.oneIn(25) ? random.pick([0, 2]) : 1, (): Header => [
      'Impersonate-User',
      random.pick(USERS),
    ]),
    ...random.list(random.oneIn(2) ? random.below(6) : 0, (): Header => [
      'Impersonate-Group',
      random.pick(random.oneIn(2) ? ['team', 'ops'] : GROUPS),
    ]),
    ...random.list(random.oneIn(5) ? 1 + random.below(2) : 0, (): Header => [
      'Impersonate-Uid',
      random.pick(['7', '7', '8', '']),
    ]),
    ...random.list(random.oneIn(3) ? random.below(5) : 0, (): Header => [
      `Impersonate-Extra-${random.pick(random.oneIn(2) ? ['scopes'] : KEYS)}`,
      random.pick(VALUES),
    ]),
  ]
  const { headers = [], ...request } = random.pick(REQUESTS)
  const cased = wanted.map(([name, value]): Header => [random.oneIn(4) ? name.toLowerCase() : name, value])
  return {
    framework: random.pick(FRAMEWORKS),
    ...request,
    user,
    groups: [...new Set(granted)].map((name) => `may:${name}`),
    extra: node,
    headers: [...headers, ...random.some(cased, 1)],
  }
}
