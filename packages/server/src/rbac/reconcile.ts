import { type PolicyRule, RBAC_API_GROUP } from '@kube-authn/core/authorization'
import { coverage } from '../registry/escalation/covers.ts'
import { decodedRbac } from '../registry/escalation/role-rules.ts'
import { isSameJson } from '../registry/json-values.ts'
import type { KubeObject, ObjectMeta } from '../registry/kube-object.ts'
import { partIn, partsIn } from '../registry/resources/field-values.ts'
import type { BootstrapBinding, BootstrapRole } from './bootstrap-policy.ts'

const API_VERSION = `${RBAC_API_GROUP}/v1`
const AUTO_UPDATE = 'rbac.authorization.kubernetes.io/autoupdate'

/** The role, as it is written if it is missing. */
export function roleObject({ name, labels = {}, rules, aggregates }: BootstrapRole): KubeObject {
  return {
    kind: 'ClusterRole',
    apiVersion: API_VERSION,
    metadata: metadataOf(name, labels),
    rules,
    ...(aggregates !== undefined && {
      aggregationRule: { clusterRoleSelectors: [{ matchLabels: { [aggregates]: 'true' } }] },
    }),
  }
}

/** The binding, as it is written if it is missing. */
export function bindingObject({ name, groups }: BootstrapBinding): KubeObject {
  return {
    kind: 'ClusterRoleBinding',
    apiVersion: API_VERSION,
    metadata: metadataOf(name, {}),
    roleRef: { apiGroup: RBAC_API_GROUP, kind: 'ClusterRole', name },
    subjects: groups.map((group) => ({ apiGroup: RBAC_API_GROUP, kind: 'Group', name: group })),
  }
}

function metadataOf(name: string, labels: Readonly<Record<string, string>>): ObjectMeta {
  return {
    name,
    labels: { 'kubernetes.io/bootstrapping': 'rbac-defaults', ...labels },
    annotations: { [AUTO_UPDATE]: 'true' },
  }
}

/** What becomes of an object that there is. */
export type Reconciled =
  /** It has everything, or wants to stay as it is. */
  | { readonly type: 'kept' }
  | { readonly type: 'updated'; readonly object: KubeObject }
  /** It cannot be changed as it should be. */
  | { readonly type: 'replaced' }

/**
 * Adds what a role lacks: labels, annotations, rules and selectors. Nothing is taken away, except an aggregation rule that the role should not have.
 *
 * Source: kubernetes `pkg/registry/rbac/reconciliation/reconcile_role.go`.
 */
export function reconciledRole(existing: KubeObject, expected: KubeObject): Reconciled {
  if (isProtected(existing)) return { type: 'kept' }
  const known = decodedRbac(existing)
  const wanted = decodedRbac(expected)
  if (known?.kind !== 'ClusterRole' || wanted?.kind !== 'ClusterRole') return { type: 'replaced' }
  const { aggregationRule: _, ...fields } = existing
  const missing = known.aggregation === undefined ? coverage(known.rules, wanted.rules).missing : []
  const rules = [...partsIn(existing, 'rules'), ...missing.map(writtenRule)]
  const selectors = [
    ...new Map(
      [...selectorsOf(existing), ...selectorsOf(expected)].map((each) => [JSON.stringify(each), each]),
    ).values(),
  ]
  return changed(existing, {
    ...fields,
    rules,
    ...(wanted.aggregation !== undefined && { aggregationRule: { clusterRoleSelectors: selectors } }),
    metadata: mergedMetadata(existing, expected),
  })
}

/**
 * Adds what a binding lacks: labels, annotations and subjects.
 *
 * Source: kubernetes `pkg/registry/rbac/reconciliation/reconcile_rolebindings.go`.
 */
export function reconciledBinding(existing: KubeObject, expected: KubeObject): Reconciled {
  if (isProtected(existing)) return { type: 'kept' }
  if (!isSameJson(existing['roleRef'], expected['roleRef'])) return { type: 'replaced' }
  const subjects = partsIn(existing, 'subjects')
  const missing = partsIn(expected, 'subjects').filter(
    (each) => !subjects.some((known) => isSameJson(known, each)),
  )
  return changed(existing, {
    ...existing,
    ...(subjects.length + missing.length > 0 && { subjects: [...subjects, ...missing] }),
    metadata: mergedMetadata(existing, expected),
  })
}

function changed(existing: KubeObject, object: KubeObject): Reconciled {
  return isSameJson(existing, object) ? { type: 'kept' } : { type: 'updated', object }
}

/** Who changed an object may keep it from being updated. */
function isProtected({ metadata }: KubeObject): boolean {
  return metadata.annotations?.[AUTO_UPDATE] === 'false'
}

/** What is there already wins. */
function mergedMetadata({ metadata }: KubeObject, expected: KubeObject): ObjectMeta {
  return {
    ...metadata,
    labels: { ...expected.metadata.labels, ...metadata.labels },
    annotations: { ...expected.metadata.annotations, ...metadata.annotations },
  }
}

function selectorsOf(role: KubeObject): readonly unknown[] {
  return partsIn(partIn(role, 'aggregationRule'), 'clusterRoleSelectors')
}

/** Without empty lists. */
function writtenRule(rule: PolicyRule): object {
  return Object.fromEntries(
    Object.entries(rule).filter(([, values]) => !(Array.isArray(values) && values.length === 0)),
  )
}
