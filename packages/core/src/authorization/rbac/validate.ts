import {
  dns1123LabelProblems,
  dns1123SubdomainProblems,
  pathSegmentProblems,
} from '@kube-authn/internal/kubernetes-names'
import type { ErrorList } from '../../internal/field/errors.ts'
import { type FieldPath, fieldPath } from '../../internal/field/path.ts'
import { isObject } from '../../internal/objects.ts'
import { type AnyBinding, type PolicyRule, RBAC_API_GROUP, type RbacObject, type Subject } from './objects.ts'
import { validateMarks } from './validate-metadata.ts'
import { addProblems, validateSelector } from './validate-selector.ts'

const METADATA = fieldPath('metadata')
const ROLE_REF = fieldPath('roleRef')
const SUBJECTS = fieldPath('subjects')

/**
 * Validates an object as the API server does.
 *
 * Source: kubernetes `pkg/apis/rbac/validation/validation.go`.
 *
 * @param written the original object, for the fields that were not kept.
 */
export function validateObject(object: RbacObject, written: unknown, errors: ErrorList): void {
  const isNamespaced = object.kind === 'Role' || object.kind === 'RoleBinding'
  validateMetadata(object, isNamespaced, errors)
  const metadata = isObject(written) ? written['metadata'] : undefined
  if (metadata !== undefined && metadata !== null) validateMarks(metadata, errors)
  if (object.kind === 'RoleBinding' || object.kind === 'ClusterRoleBinding') {
    validateBinding(object, isNamespaced, errors)
    return
  }
  for (const [index, rule] of object.rules.entries()) {
    validateRule(rule, isNamespaced, fieldPath('rules').index(index), errors)
  }
  if (object.kind !== 'ClusterRole' || object.aggregation === undefined) return
  const path = fieldPath('aggregationRule', 'clusterRoleSelectors')
  if (object.aggregation.length === 0) {
    errors.required(path, 'at least one clusterRoleSelector required if aggregationRule is non-nil')
  }
  for (const [index, selector] of object.aggregation.entries()) {
    validateSelector(selector, path.index(index), errors)
  }
}

function validateMetadata(object: RbacObject, isNamespaced: boolean, errors: ErrorList): void {
  if (object.name === '') errors.required(METADATA.child('name'), 'name or generateName is required')
  else addProblems(pathSegmentProblems(object.name), object.name, METADATA.child('name'), errors)
  // The namespace of a cluster-scoped object has already been removed, as the API server does.
  if (!isNamespaced) return
  const path = METADATA.child('namespace')
  if (object.namespace === '') errors.required(path)
  else addProblems(dns1123LabelProblems(object.namespace), object.namespace, path, errors)
}

function validateRule(rule: PolicyRule, isNamespaced: boolean, path: FieldPath, errors: ErrorList): void {
  if (rule.verbs.length === 0) {
    errors.required(path.child('verbs'), 'verbs must contain at least one value')
  }
  if (rule.nonResourceURLs.length > 0) {
    const urls = path.child('nonResourceURLs')
    if (isNamespaced) {
      errors.invalid(urls, rule.nonResourceURLs, 'namespaced rules cannot apply to non-resource URLs')
    }
    if (rule.apiGroups.length + rule.resources.length + rule.resourceNames.length > 0) {
      const detail = 'rules cannot apply to both regular resources and non-resource URLs'
      errors.invalid(urls, rule.nonResourceURLs, detail)
    }
    return
  }
  if (rule.apiGroups.length === 0) {
    errors.required(path.child('apiGroups'), 'resource rules must supply at least one api group')
  }
  if (rule.resources.length === 0) {
    errors.required(path.child('resources'), 'resource rules must supply at least one resource')
  }
}

function validateBinding(binding: AnyBinding, isNamespaced: boolean, errors: ErrorList): void {
  const { apiGroup, kind, name } = binding.roleRef
  if (apiGroup !== RBAC_API_GROUP) errors.notSupported(ROLE_REF.child('apiGroup'), apiGroup, [RBAC_API_GROUP])
  const kinds = isNamespaced ? ['Role', 'ClusterRole'] : ['ClusterRole']
  if (!kinds.includes(kind)) errors.notSupported(ROLE_REF.child('kind'), kind, kinds)
  if (name === '') errors.required(ROLE_REF.child('name'))
  else addProblems(pathSegmentProblems(name), name, ROLE_REF.child('name'), errors)
  for (const [index, subject] of binding.subjects.entries()) {
    validateSubject(subject, isNamespaced, SUBJECTS.index(index), errors)
  }
}

function validateSubject(subject: Subject, isNamespaced: boolean, path: FieldPath, errors: ErrorList): void {
  const { kind, apiGroup, name, namespace } = subject
  if (name === '') errors.required(path.child('name'))
  switch (kind) {
    case 'ServiceAccount':
      if (name !== '') addProblems(dns1123SubdomainProblems(name), name, path.child('name'), errors)
      if (apiGroup !== '') errors.notSupported(path.child('apiGroup'), apiGroup, [''])
      if (!isNamespaced && namespace === '') errors.required(path.child('namespace'))
      break
    case 'User':
    case 'Group':
      if (apiGroup !== RBAC_API_GROUP) errors.notSupported(path.child('apiGroup'), apiGroup, [RBAC_API_GROUP])
      break
    default:
      errors.notSupported(path.child('kind'), kind, ['ServiceAccount', 'User', 'Group'])
  }
}
