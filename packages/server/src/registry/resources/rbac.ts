import { type ErrorList, errorList, fieldPath, isObject } from '@kube-authn/core/internal'
import { decodeRbacObject, RBAC_API_GROUP, validateRbacObject } from '@kube-authn/core/authorization'
import { pathSegmentProblems } from '@kube-authn/internal/kubernetes-names'
import { authorizeBinding, authorizeRole } from '../escalation/escalation.ts'
import type { KubeObject } from '../kube-object.ts'
import { readFields } from '../../schema/read-fields.ts'
import type { Column, Fields, Resource } from '../resource.ts'
import { AGE, CREATED_AT, NAME } from './columns.ts'

/** What the four kinds have in common. The authorizer's own rules read and validate them, so that what is stored is what it decides by. */
function rbacResource(
  kind: string,
  isNamespaced: boolean,
  withDefaults: (fields: Fields) => Fields,
  columns: readonly Column[],
): Resource {
  const singular = kind.toLowerCase()
  return {
    group: RBAC_API_GROUP,
    version: 'v1',
    kind,
    plural: `${singular}s`,
    singular,
    shortNames: [],
    categories: [],
    isNamespaced,
    nameProblems: pathSegmentProblems,
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

function bindingOf({ subjects, roleRef }: Fields): Fields {
  const given = Array.isArray(subjects) ? subjects : []
  return {
    ...(given.length > 0 && { subjects: given.map(withGroup) }),
    roleRef: { apiGroup: RBAC_API_GROUP, ...asFields(roleRef) },
  }
}

/** Source: kubernetes `pkg/apis/rbac/v1/defaults.go`. */
function withGroup(subject: unknown): unknown {
  const isUser = isObject(subject) && (subject['kind'] === 'User' || subject['kind'] === 'Group')
  return isUser ? { apiGroup: RBAC_API_GROUP, ...subject } : subject
}

function asFields(value: unknown): Fields {
  return isObject(value) ? value : {}
}

/** Source: kubernetes `pkg/apis/rbac/validation/validation.go`. */
function validate(object: KubeObject, errors: ErrorList): void {
  const ofObject = errorList()
  // Its metadata are those of the registry, with fields that the authorizer does not know.
  const { name = '', namespace = '', labels = {} } = object.metadata
  const written = { ...object, metadata: { name, namespace, labels } }
  const decoded = decodeRbacObject(written, ofObject)
  if (decoded !== undefined && decoded.kind !== 'foreign') validateRbacObject(decoded, written, ofObject)
  // The registry has validated the metadata.
  errors.addAll(ofObject.errors.filter(({ field }) => !field.startsWith('metadata')))
}

const ROLE: Column = {
  name: 'Role',
  type: 'string',
  cell({ roleRef }) {
    const { kind, name } = asFields(roleRef)
    return `${String(kind)}/${String(name)}`
  },
}

const BINDING_COLUMNS = [
  NAME,
  ROLE,
  AGE,
  subjectColumn('Users', 'User'),
  subjectColumn('Groups', 'Group'),
  subjectColumn('ServiceAccounts', 'ServiceAccount'),
]

function subjectColumn(name: string, kind: string): Column {
  return {
    name,
    type: 'string',
    priority: 1,
    cell: ({ subjects }) =>
      (Array.isArray(subjects) ? subjects : [])
        .map(asFields)
        .filter((subject) => subject['kind'] === kind)
        .map((subject) => [subject['namespace'], subject['name']].filter(isText).join('/'))
        .join(', '),
  }
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}

function validateRoleRef(object: KubeObject, old: KubeObject, errors: ErrorList): void {
  if (JSON.stringify(sorted(object['roleRef'])) === JSON.stringify(sorted(old['roleRef']))) return
  // The names that Kubernetes has inside.
  const [APIGroup, Kind, Name] = sorted(object['roleRef'])
  errors.invalid(fieldPath('roleRef'), { APIGroup, Kind, Name }, 'cannot change roleRef')
}

function sorted(reference: unknown): readonly unknown[] {
  const { apiGroup, kind, name } = asFields(reference)
  return [apiGroup, kind, name]
}

function roleResource(base: Resource): Resource {
  return { ...base, authorize: (change) => authorizeRole(base, change) }
}

function bindingResource(base: Resource): Resource {
  return {
    ...base,
    validateUpdate: validateRoleRef,
    authorize: (change) => authorizeBinding(base, change, { roles, clusterRoles }),
  }
}

const roles = roleResource(rbacResource('Role', true, roleOf, [NAME, CREATED_AT]))

/** Roles of the cluster. */
export const clusterRoles: Resource = roleResource(
  rbacResource('ClusterRole', false, roleOf, [NAME, CREATED_AT]),
)

/** Bindings in the cluster. */
export const clusterRoleBindings: Resource = bindingResource(
  rbacResource('ClusterRoleBinding', false, bindingOf, BINDING_COLUMNS),
)

/** The objects of RBAC. Source: kubernetes `pkg/registry/rbac`. */
export const rbacResources: readonly Resource[] = [
  roles,
  clusterRoles,
  bindingResource(rbacResource('RoleBinding', true, bindingOf, BINDING_COLUMNS)),
  clusterRoleBindings,
]
