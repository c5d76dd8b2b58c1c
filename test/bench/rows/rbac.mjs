// Decisions by roles and bindings.
import { userInfo } from '@kube-authn/core'
import { attributesOf, rbac, rbacPolicy } from '@kube-authn/core/authorization'
import { call } from '../lib/drivers.mjs'
import { operationRow, ours, peer } from '../lib/row.mjs'

const apiVersion = 'rbac.authorization.k8s.io/v1'
const apiGroup = 'rbac.authorization.k8s.io'
const clusterRole = (name, rules) => ({ apiVersion, kind: 'ClusterRole', metadata: { name }, rules })
const roleRef = (name) => ({ apiGroup, kind: 'ClusterRole', name })

/** Fifty roles, and this many bindings of a user and a group each; `admin` may impersonate. */
export function manifests(bindings) {
  const roles = Array.from({ length: 50 }, (_, index) =>
    clusterRole(`role-${index}`, [
      { verbs: ['get', 'list', 'watch'], apiGroups: [''], resources: ['pods', 'services', 'configmaps'] },
      { verbs: ['*'], apiGroups: ['apps'], resources: ['deployments'] },
    ]),
  )
  const bound = Array.from({ length: bindings }, (_, index) => ({
    apiVersion,
    kind: index % 2 === 0 ? 'ClusterRoleBinding' : 'RoleBinding',
    metadata: { name: `binding-${index}`, ...(index % 2 === 1 && { namespace: `ns-${index % 100}` }) },
    subjects: [
      { kind: 'User', name: `user-${index}`, apiGroup },
      { kind: 'Group', name: `team-${index}`, apiGroup },
    ],
    roleRef: roleRef(`role-${index % 50}`),
  }))
  return [
    ...roles,
    clusterRole('impersonator', [
      { verbs: ['impersonate'], apiGroups: [''], resources: ['users', 'groups', 'serviceaccounts'] },
    ]),
    {
      apiVersion,
      kind: 'ClusterRoleBinding',
      metadata: { name: 'impersonators' },
      subjects: [{ kind: 'User', name: 'admin', apiGroup }],
      roleRef: roleRef('impersonator'),
    },
    ...bound,
  ]
}

/** This many bindings that all name one group. */
function manifestsOfOneGroup(bindings) {
  return manifests(bindings).map((each) =>
    each.subjects === undefined
      ? each
      : { ...each, subjects: [{ kind: 'Group', name: 'everyone', apiGroup }] },
  )
}

const decide = (objects, user, attributes, verdict) => () => {
  const policy = rbac(rbacPolicy(objects()))
  const asked = attributesOf(userInfo(user), attributes)
  return call(
    () => policy.authorize(asked),
    (decision) => (decision.verdict === verdict ? 200 : 500),
  )
}

const question = { verb: 'get', resource: 'pods', namespace: 'ns-7', name: 'x' }
const groups = ['a', 'b', 'system:authenticated']

/** An app with a plain list of bindings. */
function linear() {
  const objects = manifests(1000)
  const roles = new Map(
    objects.filter(({ rules }) => rules !== undefined).map((role) => [role.metadata.name, role]),
  )
  const bindings = objects.filter(({ subjects }) => subjects !== undefined)
  return call(() =>
    bindings.some(
      ({ subjects, roleRef: { name } }) =>
        subjects.some((subject) => subject.name === 'user-500' || groups.includes(subject.name)) &&
        roles.get(name).rules.some((rule) => rule.verbs.includes('get') && rule.resources.includes('pods')),
    ),
  )
}

export const rbacRows = [
  ...[1000, 100_000].map((bindings) =>
    operationRow(
      `RBAC decision, ${bindings.toLocaleString('en')} bindings`,
      { target: 0.8, inFlight: 1 },
      {
        'kube-authn': ours(
          decide(
            () => manifests(bindings),
            { username: `user-${bindings / 2 + ((bindings / 2) % 2)}`, groups },
            question,
            'allow',
          ),
        ),
        ...(bindings === 1000 && { 'linear scan': peer(linear) }),
      },
    ),
  ),
  operationRow(
    'RBAC decision, refused, 10,000 bindings of one group of the user',
    { target: 5, inFlight: 1 },
    {
      'kube-authn': ours(
        decide(
          () => manifestsOfOneGroup(10_000),
          { username: 'jane', groups: ['everyone'] },
          { ...question, verb: 'delete', resource: 'secrets' },
          'noOpinion',
        ),
      ),
    },
  ),
]
