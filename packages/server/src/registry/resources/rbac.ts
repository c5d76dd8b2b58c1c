import { type ErrorList, errorList, fieldPath, isObject } from '@kube-authn/core/internal'
import { decodeRbacObject, RBAC_API_GROUP, validateRbacObject } from '@kube-authn/core/authorization'
import { pathSegmentProblems } from '@kube-authn/internal/kubernetes-names'
import { asAuthorized, authorizeBinding, authorizeRole } from '../escalation/escalation.ts'
import { isSameJson, type KubeObject, partIn, partsIn, stringIn } from '../kube-object.ts'
import { readFields } from '../../schema/read-typed.ts'
import { type Column, type Fields, named, type Resource } from '../resource.ts'
import { AGE, column, CREATED_AT, NAME, wide } from './columns.ts'

/** What the four kinds have in common. The authorizer's own rules read and validate them, so that what is stored is what it decides by. */
function rbacResource(
  kind: string,
  isNamespaced: boolean,
  withDefaults: (fields: Fields) => Fields,
  columns: readonly Column[],
): Resource {
  return {
    ...named(kind, { group: RBAC_API_GROUP, isNamespaced, nameProblems: pathSegmentProblems }),
    isCreatedByUpdate: true,
    read: (object, errors) => withDefaults(readFields(object, kind, errors)),
    validate,
    columns,
  }
}

/** No rules are `null`, since Go has no empty list after it was stored. */
function roleOf({ rules, ...rest }: Fields): Fields {
  return { rules: Array.isArray(rules) && rules.length > 0 ? rules : null, ...rest }
}

function bindingOf(fields: Fields): Fields {
  const given = Array.isArray(fields['subjects']) ? fields['subjects'] : []
  return {
    ...(given.length > 0 && { subjects: given.map(withGroup) }),
    roleRef: { apiGroup: RBAC_API_GROUP, ...partIn(fields, 'roleRef') },
  }
}

/** Source: kubernetes `pkg/apis/rbac/v1/defaults.go`. */
function withGroup(subject: unknown): unknown {
  const isUser = isObject(subject) && (subject['kind'] === 'User' || subject['kind'] === 'Group')
  return isUser ? { apiGroup: RBAC_API_GROUP, ...subject } : subject
}

/** Source: kubernetes `pkg/apis/rbac/validation/validation.go`. */
function validate(object: KubeObject, errors: ErrorList): void {
  const ofObject = errorList()
  const written = asAuthorized(object)
  const decoded = decodeRbacObject(written, ofObject)
  if (decoded !== undefined && decoded.kind !== 'foreign') validateRbacObject(decoded, written, ofObject)
  // The registry has validated the metadata.
  errors.addAll(ofObject.errors.filter(({ field }) => !field.startsWith('metadata')))
}

const ROLE = column('Role', (binding) => {
  const { kind, name } = partIn(binding, 'roleRef')
  return `${String(kind)}/${String(name)}`
})

const BINDING_COLUMNS = [
  NAME,
  ROLE,
  AGE,
  subjectColumn('Users', 'User'),
  subjectColumn('Groups', 'Group'),
  subjectColumn('ServiceAccounts', 'ServiceAccount'),
]

function subjectColumn(name: string, kind: string): Column {
  return wide(name, (binding) =>
    partsIn(binding, 'subjects')
      .filter((subject) => subject['kind'] === kind)
      .map((subject) => [stringIn(subject, 'namespace'), stringIn(subject, 'name')])
      .map((parts) => parts.filter((part) => part !== '').join('/'))
      .join(', '),
  )
}

function validateRoleRef(object: KubeObject, old: KubeObject, errors: ErrorList): void {
  const roleRef = partIn(object, 'roleRef')
  if (isSameJson(roleRef, partIn(old, 'roleRef'))) return
  // The names that Kubernetes has inside.
  const { apiGroup: APIGroup, kind: Kind, name: Name } = roleRef
  errors.invalid(fieldPath('roleRef'), { APIGroup, Kind, Name }, 'cannot change roleRef')
}

function roleResource(kind: string, isNamespaced: boolean): Resource {
  const base = rbacResource(kind, isNamespaced, roleOf, [NAME, CREATED_AT])
  return { ...base, authorize: (change) => authorizeRole(base, change) }
}

function bindingResource(kind: string, isNamespaced: boolean): Resource {
  const base = rbacResource(kind, isNamespaced, bindingOf, BINDING_COLUMNS)
  return {
    ...base,
    validateUpdate: validateRoleRef,
    authorize: (change) => authorizeBinding(base, change, { roles, clusterRoles }),
  }
}

const roles = roleResource('Role', true)

export const clusterRoles: Resource = roleResource('ClusterRole', false)

export const clusterRoleBindings: Resource = bindingResource('ClusterRoleBinding', false)

/** The objects of RBAC. Source: kubernetes `pkg/registry/rbac`. */
export const rbacResources: readonly Resource[] = [
  roles,
  clusterRoles,
  bindingResource('RoleBinding', true),
  clusterRoleBindings,
]
