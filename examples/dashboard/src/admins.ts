import type { UserInfo } from '@kube-authn/core'
import { rbac, rbacPolicy, type RbacAuthorizer } from '@kube-authn/core/authorization'
import type { Configuration } from './configuration.ts'

/**
 * The users and groups that admins may act as, as roles of Kubernetes. Without `impersonate` there are none. Users of Kubernetes itself, such as
 * `system:kube-controller-manager`, must be named.
 */
export function impersonationPolicy({ groups, impersonate }: Configuration['admins']): RbacAuthorizer {
  if (impersonate === undefined) return rbac(rbacPolicy([]))
  const { users, groups: seen } = impersonate
  const metadata = { name: 'see-as' }
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'see-as' }
  const rules = [
    rule('users', users),
    // A list of no names would mean every group.
    ...(seen.length === 0 ? [] : [rule('groups', seen)]),
  ]
  const roles = rbac(
    rbacPolicy([
      { apiVersion: VERSION, kind: 'ClusterRole', metadata, rules },
      {
        apiVersion: VERSION,
        kind: 'ClusterRoleBinding',
        metadata,
        roleRef,
        subjects: groups.map((name) => ({ kind: 'Group', apiGroup: 'rbac.authorization.k8s.io', name })),
      },
    ]),
  )
  return users === undefined ? withoutUsersOfKubernetes(roles) : roles
}

/** Roles cannot say "all but these". */
function withoutUsersOfKubernetes(roles: RbacAuthorizer): RbacAuthorizer {
  return {
    ...roles,
    authorize: (attributes, context) =>
      attributes.resource === 'users' && attributes.name.startsWith('system:')
        ? {
            verdict: 'noOpinion',
            reason: 'users of Kubernetes itself must be named in admins.impersonate.users',
          }
        : roles.authorize(attributes, context),
  }
}

const VERSION = 'rbac.authorization.k8s.io/v1'

function rule(resource: string, resourceNames: readonly string[] | undefined): object {
  return {
    apiGroups: [''],
    resources: [resource],
    verbs: ['impersonate'],
    ...(resourceNames !== undefined && { resourceNames }),
  }
}

/** Whether a user may see and end the sessions of all users. */
export function isAdmin({ groups }: Pick<UserInfo, 'groups'>, admins: Configuration['admins']): boolean {
  return groups.some((group) => admins.groups.includes(group))
}
