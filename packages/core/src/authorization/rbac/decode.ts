import type { ErrorList } from '../../internal/field/errors.ts'
import { fieldPath } from '../../internal/field/path.ts'
import { type ObjectReader, readObject } from '../../internal/field/reader.ts'
import { shownName } from '../../internal/field/shown-name.ts'
import {
  type AnyBinding,
  type ClusterRole,
  type LabelSelector,
  type PolicyRule,
  RBAC_API_GROUP,
  type RbacObject,
  type Role,
  type RoleRef,
  type Subject,
} from './objects.ts'

const API_VERSIONS = [`${RBAC_API_GROUP}/v1`, `${RBAC_API_GROUP}/v1beta1`]
const KINDS = ['ClusterRole', 'ClusterRoleBinding', 'Role', 'RoleBinding']

/** An object of another API group. */
export interface ForeignObject {
  readonly kind: 'foreign'
  readonly description: string
}

export function isForeign(object: RbacObject | ForeignObject): object is ForeignObject {
  return object.kind === 'foreign'
}

/**
 * Reads an object of the RBAC API, and fills in the defaults of the API server. Wrong types, unknown fields and unknown kinds are errors;
 * values are not validated.
 *
 * Source: kubernetes `pkg/apis/rbac/v1/defaults.go`.
 *
 * Deviation: the API server only warns about an unknown field (`docs/deviations.md`, unknown fields of manifests).
 */
export function decodeObject(value: unknown, errors: ErrorList): RbacObject | ForeignObject | undefined {
  const reader = readObject(value, fieldPath(), errors)
  if (reader === undefined) return undefined
  const apiVersion = reader.string('apiVersion')
  const kind = reader.string('kind')
  const isRbac = KINDS.includes(kind) || apiVersion.startsWith(`${RBAC_API_GROUP}/`)
  if (!isRbac && apiVersion !== '' && kind !== '') {
    return { kind: 'foreign', description: `${shownName(kind)} (${shownName(apiVersion)})` }
  }
  const root = fieldPath()
  if (apiVersion === '') errors.required(root.child('apiVersion'))
  else if (!API_VERSIONS.includes(apiVersion)) {
    errors.notSupported(root.child('apiVersion'), shownName(apiVersion), API_VERSIONS)
  }
  if (kind === '') errors.required(root.child('kind'))
  const object = decodeKind(kind, reader)
  if (object === undefined) {
    if (kind !== '') errors.notSupported(root.child('kind'), shownName(kind), KINDS)
    return undefined
  }
  reader.end()
  return object
}

function decodeKind(kind: string, reader: ObjectReader): RbacObject | undefined {
  const metadata = reader.object('metadata')
  const name = metadata?.string('name') ?? ''
  const namespace = metadata?.string('namespace') ?? ''
  switch (kind) {
    case 'Role':
      return { kind, name, namespace, rules: decodeRules(reader) } satisfies Role
    case 'ClusterRole': {
      const aggregation = decodeAggregation(reader)
      return {
        kind,
        name,
        namespace,
        labels: metadata?.stringMap('labels') ?? new Map<string, string>(),
        rules: decodeRules(reader),
        ...(aggregation !== undefined && { aggregation }),
      } satisfies ClusterRole
    }
    case 'RoleBinding':
    case 'ClusterRoleBinding':
      return {
        kind,
        name,
        namespace,
        subjects: reader.parts('subjects', decodeSubject),
        roleRef: reader.part('roleRef', decodeRoleRef),
      } satisfies AnyBinding
    default:
      return undefined
  }
}

function decodeRules(reader: ObjectReader): readonly PolicyRule[] {
  return reader.parts('rules', (rule) => ({
    verbs: rule.strings('verbs'),
    apiGroups: rule.strings('apiGroups'),
    resources: rule.strings('resources'),
    resourceNames: rule.strings('resourceNames'),
    nonResourceURLs: rule.strings('nonResourceURLs'),
  }))
}

function decodeSubject(reader: ObjectReader): Subject {
  const kind = reader.string('kind')
  const apiGroup = reader.string('apiGroup')
  return {
    kind,
    apiGroup: apiGroup === '' && (kind === 'User' || kind === 'Group') ? RBAC_API_GROUP : apiGroup,
    name: reader.string('name'),
    namespace: reader.string('namespace'),
  }
}

function decodeRoleRef(reader: ObjectReader): RoleRef {
  const apiGroup = reader.string('apiGroup')
  return {
    apiGroup: apiGroup === '' ? RBAC_API_GROUP : apiGroup,
    kind: reader.string('kind'),
    name: reader.string('name'),
  }
}

function decodeAggregation(reader: ObjectReader): readonly LabelSelector[] | undefined {
  const rule = reader.object('aggregationRule')
  const selectors = rule?.parts('clusterRoleSelectors', decodeSelector)
  rule?.end()
  return selectors
}

function decodeSelector(reader: ObjectReader): LabelSelector {
  return {
    matchLabels: reader.stringMap('matchLabels'),
    matchExpressions: reader.parts('matchExpressions', (requirement) => ({
      key: requirement.string('key'),
      operator: requirement.string('operator'),
      values: requirement.strings('values'),
    })),
  }
}
