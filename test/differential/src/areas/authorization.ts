import type { UserInfo } from '@kube-authn/core'
import { accessReviewDifferences } from '@kube-authn-test/conformance/live/authz/access-review-differences'
import { kindOf422 } from '@kube-authn-test/conformance/live/authz/explained-422'
import type { RbacMode } from '@kube-authn-test/conformance/live/authz/policies'
import type { RecordedSpec } from '@kube-authn-test/conformance/live/authz/question'
import { type JsonAnswer, reviewInProcess } from '@kube-authn-test/conformance/live/authz/review-in-process'
import type { Random } from '../../../fuzz/lib/random.mjs'
import { type Area, area } from '../area.ts'
import type { PolicyManifest } from '../policies.ts'
import type { Sides } from '../sides.ts'

interface Question {
  readonly policy: readonly PolicyManifest[]
  readonly spec: RecordedSpec
}

const REVIEWS = '/apis/authorization.k8s.io/v1/subjectaccessreviews'
const ADMIN: UserInfo = {
  username: 'admin',
  uid: '',
  groups: ['system:masters', 'system:authenticated'],
  extra: {},
}

/** Roles and bindings, and who may do what by them: each policy is asked about many times. */
export function authorization({ reference, policies }: Sides): Area {
  return area<Question, Question>({
    name: 'authorization',
    explanations: [kindOf422],
    fixed: ['apiVersion', 'kind', 'metadata', 'apiGroup'],
    question: authorizationQuestion,
    async compare(asked) {
      const { policy, spec } = asked
      let mode: RbacMode
      try {
        mode = await policies.enforce(policy)
      } catch (error) {
        return { asked, differences: [{ at: 'policy', there: 'accepted', here: String(error) }] }
      }
      const body = Buffer.from(JSON.stringify({ spec })).toString('latin1')
      const answer = await reference.ask({ cert: 'admin', method: 'POST', target: REVIEWS, body })
      const there = {
        status: answer.status,
        body: withoutMetadata(JSON.parse(answer.body) as JsonAnswer['body']),
      }
      const here = await reviewInProcess(mode.authorizer, REVIEWS, spec, ADMIN)
      const ours = { ...here, body: withoutMetadata(here.body) }
      return { asked, differences: accessReviewDifferences(there, ours, mode, spec) }
    },
  })
}

/** Fields of a server that stores objects. */
function withoutMetadata({ metadata: _metadata, ...body }: JsonAnswer['body']): JsonAnswer['body'] {
  return body
}

const RBAC = 'rbac.authorization.k8s.io'
const VERBS = 'get|get|list|create|delete|deletecollection|*|GET|get*|use||n\u00fctze'.split('|')
const GROUPS = '||apps|*|APPS|batch|*.k8s.io|apps/v1'.split('|')
const RESOURCES =
  'pods|pods|pods/log|pods/*|*/scale|*|deployments|deployments/scale|*/*|PODS|pods/|pod*|pods/log/x|'.split(
    '|',
  )
const RESOURCE_NAMES = 'web|db||*|a/b|WEB'.split('|')
const URLS = '/healthz|/logs/*|*|/*|/a*|/a*b|/b**|logs||/\u00c9/*|/api/v1/pods|/x/*/y'.split('|')
const PATHS =
  '/||/healthz|/healthz/|/logs|/logs/|/logs/a/b|/a|/abc|/b*|/A|/\u00c9/x|*|/x/z/y|//|/api/v1/pods'.split('|')
const ROLES = ['view', 'edit', 'R <1> & "\u00f6"']

/** @param ofBatch chooses the policy. */
export function authorizationQuestion(random: Random, _index: number, ofBatch: Random): Question {
  const policy = policyOf(ofBatch)
  return { policy, spec: specOf(policy, random) }
}

const NAMESPACES = ['policy-a', 'policy-b']
const USERS = ['ann', 'bob', '\u00fcn\u00ef "q" <&>', 'with space', 'system:serviceaccount:policy-a:web']
const SUBJECT_GROUPS = ['devs', 'ops', 'Devs', '*', 'system:serviceaccounts:policy-a']

/** Roles and bindings in two namespaces and without one, some of them to roles that are not there. */
function policyOf(random: Random): readonly PolicyManifest[] {
  const someOf = (list: readonly string[]): readonly string[] =>
    random.list(1 + random.below(3), () => random.pick(list))
  const resourceRule = (): object => ({
    verbs: someOf(VERBS),
    apiGroups: someOf(GROUPS),
    resources: someOf(RESOURCES),
    ...(random.oneIn(3) && { resourceNames: someOf(RESOURCE_NAMES) }),
  })
  const pathRule = (): object => ({ verbs: someOf(VERBS), nonResourceURLs: someOf(URLS) })
  const role = (kind: string, name: string, namespace?: string): PolicyManifest => ({
    ...manifest(kind, name, namespace),
    rules: random.list(1 + random.below(3), () =>
      kind === 'ClusterRole' && random.oneIn(3) ? pathRule() : resourceRule(),
    ),
  })
  const subject = (): object => {
    const kind = random.pick(['User', 'User', 'Group', 'ServiceAccount'])
    if (kind === 'ServiceAccount') return { kind, name: 'web', namespace: random.pick(NAMESPACES) }
    return { kind, apiGroup: RBAC, name: random.pick(kind === 'User' ? USERS : SUBJECT_GROUPS) }
  }
  const binding = (kind: string, name: string, namespace?: string): PolicyManifest => ({
    ...manifest(kind, name, namespace),
    subjects: random.list(random.below(4), subject),
    roleRef: {
      apiGroup: RBAC,
      kind: kind === 'RoleBinding' && random.oneIn(2) ? 'Role' : 'ClusterRole',
      name: random.oneIn(8) ? 'differential:missing' : `differential:${random.pick(ROLES)}`,
    },
  })
  return [
    ...ROLES.map((name) => role('ClusterRole', name)),
    ...NAMESPACES.flatMap((namespace) => random.some(ROLES).map((name) => role('Role', name, namespace))),
    ...random.list(1 + random.below(3), (at) => binding('ClusterRoleBinding', `all-${at}`)),
    ...NAMESPACES.flatMap((namespace) =>
      random.list(1 + random.below(3), (at) => binding('RoleBinding', `some-${at}`, namespace)),
    ),
  ]
}

function manifest(kind: string, name: string, namespace?: string): PolicyManifest {
  const within = namespace !== undefined && { namespace }
  return { apiVersion: `${RBAC}/v1`, kind, metadata: { name: `differential:${name}`, ...within } }
}

/** Mostly near a rule and a subject of the policy. */
function specOf(policy: readonly PolicyManifest[], random: Random): RecordedSpec {
  const listed = (name: string): readonly Readonly<Record<string, unknown>>[] =>
    policy.flatMap((each) => (each[name] ?? []) as readonly Readonly<Record<string, unknown>>[])
  const subject = listed('subjects').length === 0 ? {} : random.pick(listed('subjects'))
  const rule = random.pick(listed('rules'))
  const near = (field: string, all: readonly string[]): string => {
    const own = (rule[field] ?? []) as readonly string[]
    return own.length > 0 && !random.oneIn(6) ? random.pick(own) : random.pick(all)
  }
  const who = {
    ...(random.oneIn(10) ? { user: random.pick(USERS) } : userOf(subject)),
    ...(random.oneIn(6) && { groups: random.some([...SUBJECT_GROUPS, 'system:masters'], 0.2) }),
    ...(random.oneIn(20) && { uid: '7', extra: { scopes: ['view'] } }),
  }
  const verb = tamed(near('verbs', VERBS), 'get', random)
  if (rule['nonResourceURLs'] !== undefined || random.oneIn(15)) {
    const url = near('nonResourceURLs', random.oneIn(2) ? PATHS : URLS)
    const path = url.endsWith('*') ? url.replace(/\*+$/, random.pick(['', 'x', '/x', '*', '/x/y'])) : url
    return { ...who, nonResourceAttributes: { verb, path: random.oneIn(8) ? path.toUpperCase() : path } }
  }
  const [resource = '', ...subresource] = near('resources', RESOURCES).split('/')
  const name = near('resourceNames', RESOURCE_NAMES)
  return {
    ...who,
    resourceAttributes: {
      verb,
      group: tamed(near('apiGroups', GROUPS), 'apps', random),
      resource: tamed(resource, 'pods', random),
      ...(subresource.length > 0 && { subresource: tamed(subresource.join('/'), 'log', random) }),
      ...(random.oneIn(2) && { name }),
      ...(!random.oneIn(4) && { namespace: random.pick([...NAMESPACES, ...NAMESPACES, 'default']) }),
      ...(random.oneIn(10) && {
        labelSelector: { rawSelector: random.pick(['a=b', 'a in (b', '!a,b', '']) },
      }),
      ...(random.oneIn(10) && {
        fieldSelector: { rawSelector: random.pick(['metadata.name=a', 'a==b,', '']) },
      }),
    },
  }
}

function userOf({
  kind,
  name,
  namespace,
}: Readonly<Record<string, unknown>>): Pick<RecordedSpec, 'user' | 'groups'> {
  if (kind === 'Group') return { groups: [String(name)] }
  return {
    user:
      kind === 'ServiceAccount' ? `system:serviceaccount:${String(namespace)}:${String(name)}` : String(name),
  }
}

/** A request rarely asks for `*` itself. */
function tamed(word: string, usual: string, random: Random): string {
  return word === '*' && !random.oneIn(4) ? usual : word
}
