import {
  byCodeUnits,
  type ErrorList,
  type FieldPath,
  fieldPath,
  type ObjectReader,
} from '@kube-authn/core/internal'
import { validateMarks } from '@kube-authn/core/authorization'
import { dns1123LabelProblems } from '@kube-authn/internal/kubernetes-names'
import type { KubeObject, ManagedFieldsEntry, ObjectMeta, OwnerReference } from './kube-object.ts'
import type { Resource, PartSubresource } from './resource.ts'

const METADATA = fieldPath('metadata')

/**
 * Reads the metadata that a client sent. Fields that only a server sets are read too, since an update sends them back: the registry replaces them.
 * `managedFields` and `selfLink` are dropped.
 */
export function readMetadata(metadata: ObjectReader | undefined): ObjectMeta {
  if (metadata === undefined) return {}
  for (const name of ['managedFields', 'selfLink', 'deletionGracePeriodSeconds']) {
    metadata.value(name)
  }
  const generation = metadata.value('generation')
  const read = {
    ...(isCount(generation) && { generation }),
    name: metadata.string('name'),
    generateName: metadata.string('generateName'),
    namespace: metadata.string('namespace'),
    uid: metadata.string('uid'),
    resourceVersion: metadata.string('resourceVersion'),
    creationTimestamp: metadata.string('creationTimestamp'),
    deletionTimestamp: metadata.string('deletionTimestamp'),
    labels: Object.fromEntries(metadata.stringMap('labels')),
    annotations: Object.fromEntries(metadata.stringMap('annotations')),
    ownerReferences: metadata.objects('ownerReferences').map(readOwner),
    finalizers: metadata.strings('finalizers'),
  }
  metadata.end()
  return withoutEmpty(read)
}

/** Zero is as if absent. */
function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value !== 0
}

function readOwner(owner: ObjectReader): OwnerReference {
  const read = {
    apiVersion: owner.string('apiVersion'),
    kind: owner.string('kind'),
    name: owner.string('name'),
    uid: owner.string('uid'),
    ...(owner.has('controller') && { controller: owner.boolean('controller') }),
    ...(owner.has('blockOwnerDeletion') && { blockOwnerDeletion: owner.boolean('blockOwnerDeletion') }),
  }
  owner.end()
  return read
}

/** The metadata without empty strings, lists and maps, which are absent in JSON. */
export function withoutEmpty(metadata: ObjectMeta): ObjectMeta {
  return Object.fromEntries(Object.entries(metadata).filter(([, value]) => !isEmpty(value)))
}

function isEmpty(value: unknown): boolean {
  if (typeof value === 'object' && value !== null) return Object.keys(value).length === 0
  return value === undefined || value === ''
}

/** An object with these owners of its fields; as it is, if they are not known. */
export function withOwners(
  object: KubeObject,
  managedFields: readonly ManagedFieldsEntry[] | undefined,
): KubeObject {
  if (managedFields === undefined) return object
  return { ...object, metadata: withoutEmpty({ ...object.metadata, managedFields }) }
}

/**
 * Validates metadata as the API server does.
 *
 * Source: apimachinery `pkg/api/validation/objectmeta.go`.
 */
export function validateMetadata(metadata: ObjectMeta, resource: Resource, errors: ErrorList): void {
  const { name = '', generateName = '', namespace = '' } = metadata
  if (generateName !== '') {
    // The end that is added is valid, and so is a name that it completes.
    const problems = resource.nameProblems(generateName.replace(/-$/, 'a'))
    for (const problem of problems) errors.invalid(METADATA.child('generateName'), generateName, problem)
  }
  if (name === '') errors.required(METADATA.child('name'), 'name or generateName is required')
  else {
    for (const problem of resource.nameProblems(name)) errors.invalid(METADATA.child('name'), name, problem)
  }
  if (resource.isNamespaced) {
    for (const problem of dns1123LabelProblems(namespace)) {
      errors.invalid(METADATA.child('namespace'), namespace, problem)
    }
  }
  validateMarks(metadata, errors)
  validateOwners(metadata.ownerReferences ?? [], errors)
}

function validateOwners(owners: readonly OwnerReference[], errors: ErrorList): void {
  const path = METADATA.child('ownerReferences')
  let first: string | undefined
  for (const owner of owners) {
    requireParts(owner, path, errors)
    if (owner.controller !== true) continue
    const name = `${owner.kind}/${owner.name}`
    const detail = `Only one reference can have Controller set to true. Found "true" in references for ${first} and ${name}`
    if (first !== undefined) errors.invalid(path, owners, detail)
    first ??= name
  }
}

/** The path has no index in Kubernetes. */
function requireParts(owner: OwnerReference, path: FieldPath, errors: ErrorList): void {
  for (const part of ['apiVersion', 'kind', 'name', 'uid'] as const) {
    const detail = part === 'apiVersion' ? 'version must not be empty' : 'must not be empty'
    if (owner[part] === '') errors.invalid(path.child(part), owner[part], detail)
  }
}

// Deviation: one rule for all kinds (`docs/deviations.md`, finalizers without a domain).
/** Source: kubernetes `pkg/apis/core/helper/helpers.go` IsStandardFinalizerName. */
const STANDARD_FINALIZERS: ReadonlySet<string> = new Set(['kubernetes', 'orphan', 'foregroundDeletion'])

/**
 * Requires that new finalizers say whose they are. Those that an object has already may stay, so that it can be changed.
 *
 * Source: kubernetes `pkg/apis/core/validation/validation.go` validateKubeFinalizerName.
 *
 * @param old those before; `undefined` of a new object.
 */
export function validateFinalizerNames(
  path: FieldPath,
  finalizers: readonly string[] | undefined,
  old: readonly string[] | undefined,
  errors: ErrorList,
): void {
  const before = new Set(old)
  for (const [index, name] of (finalizers ?? []).entries()) {
    if (before.has(name) || name.includes('/') || STANDARD_FINALIZERS.has(name)) continue
    const detail = 'name is neither a standard finalizer name nor is it fully qualified'
    errors.invalid(path.index(index), name, detail)
  }
}

export function validateFinalizers(metadata: ObjectMeta, old: ObjectMeta, errors: ErrorList): void {
  if (old.deletionTimestamp === undefined) return
  const before = new Set(old.finalizers)
  const added = (metadata.finalizers ?? []).filter((each) => !before.has(each))
  if (added.length === 0) return
  const names = added
    .toSorted(byCodeUnits)
    .map((each) => JSON.stringify(each))
    .join(', ')
  const detail = `no new finalizers can be added if the object is being deleted, found new finalizers []string{${names}}`
  errors.forbidden(METADATA.child('finalizers'), detail)
}

/**
 * `status`, which is written by itself, with the labels, annotations and finalizers of the object.
 *
 * Source: kubernetes `pkg/registry/core/{pod,node,service,namespace}/strategy.go` PrepareForUpdate of the strategies of status.
 *
 * @param prepare what the server writes into it.
 */
export function statusPart(
  prepare: (object: KubeObject) => KubeObject = (object) => object,
): PartSubresource {
  return {
    type: 'part',
    name: 'status',
    prepare: (sent, old) => prepare({ ...old, metadata: marked(sent, old), status: sent['status'] ?? {} }),
  }
}

function marked({ metadata }: KubeObject, old: KubeObject): ObjectMeta {
  const { labels = {}, annotations = {}, finalizers = [] } = metadata
  return withoutEmpty({ ...old.metadata, labels, annotations, finalizers })
}
