import { isObject } from '@kube-authn/core/internal'
import type { KubeObject, ManagedFieldsEntry } from '../registry/kube-object.ts'
import type { Fields, Resource } from '../registry/resource.ts'
import { applyConflict, type Conflict } from './apply-conflict.ts'
import {
  difference,
  type FieldSet,
  intersection,
  isEmptySet,
  NO_FIELDS,
  pathsOf,
  union,
} from './field-set.ts'
import { fieldsOfLastApplied, withLastApplied } from './last-applied.ts'
import { mergeApplied } from './merge-applied.ts'
import {
  changesOfObject,
  fieldsOfConfiguration,
  fieldsOfOwner,
  isOf,
  losing,
  type Manager,
  ownable,
  ownersOf,
  owning,
  slotOfResource,
  writable,
} from './owners.ts'
import { prune } from './remove-fields.ts'
import { requireTyped } from './require-typed.ts'

/** What is applied, and which manager applies it. */
export interface Application {
  readonly resource: Resource
  readonly configuration: Fields
  readonly manager: Manager
  /** Whether fields of others are taken over. */
  readonly isForced: boolean
}

/** An object after something was applied to it, before it is read and validated. */
export interface Applied {
  readonly value: Fields
  readonly owners: readonly ManagedFieldsEntry[]
}

/**
 * Applies a configuration to an object: its fields become those of the manager, and fields that the manager had before and the configuration does not
 * have are removed, unless others own them too.
 *
 * Source: structured-merge-diff `merge/update.go` Apply; KEP-555.
 *
 * @param old `undefined` if there is none.
 * @throws {StatusError} 409 if others own fields for which the configuration has other values, 500 if it is not of the type of the object.
 */
export function apply(
  { resource, configuration, manager, isForced }: Application,
  old: KubeObject | undefined,
): Applied {
  const slot = slotOfResource(resource)
  const { apiVersion: _version, kind: _kind, ...sent } = configuration
  requireTyped(sent, slot, namesOf(resource, configuration))
  const wanted = writable(resource, manager.subresource, ownable(configuration))
  const fields = fieldsOfConfiguration(resource, wanted)
  if (old === undefined) return { value: configuration, owners: owning(resource, [], manager, fields) }

  const live = ownable(old)
  const lastApplied = fieldsOfLastApplied(resource, old, manager.name)
  const before = ownersOf(resource, old, manager.time)
  // As if kubectl had moved the owner of its earlier applies, which is not known here.
  const isFirst = old.metadata.managedFields === undefined && !isEmptySet(lastApplied)
  const owners = isFirst
    ? owning(resource, losing(before, lastApplied, manager), manager, lastApplied)
    : before
  const own = owners.find((entry) => isOf(entry, manager))
  const others = owners.filter((entry) => entry !== own).map(fieldsOfOwner)
  const last = own === undefined ? NO_FIELDS : fieldsOfOwner(own)
  const next = prune(mergeApplied(live, wanted, slot), slot, last, union(fields, ...others))
  const result: Fields = isObject(next) ? next : {}
  const { changed, removed } = changesOfObject(resource, live, result)
  if (!isForced) requireNoConflict(owners, difference(changed, lastApplied), manager)
  const left = losing(owners, union(changed, removed), manager)
  return {
    value: withLastApplied(withIdentity(result, configuration, old), configuration, manager.name),
    owners: owning(resource, left, manager, fields),
  }
}

function namesOf({ group, version, kind }: Resource, { metadata }: Fields): string {
  const { namespace = '', name = '' } = isObject(metadata) ? metadata : {}
  return `${String(namespace)}/${String(name)}; ${group}/${version}, Kind=${kind}`
}

function requireNoConflict(owners: readonly ManagedFieldsEntry[], taken: FieldSet, manager: Manager): void {
  const conflicts = owners
    .filter((entry) => !isOf(entry, manager))
    .flatMap((entry) =>
      pathsOf(intersection(fieldsOfOwner(entry), taken)).map((path): Conflict => ({ entry, path })),
    )
  if (conflicts.length > 0) throw applyConflict(conflicts)
}

/** The fields with the metadata that have no owner: those of the object, and what the configuration says of them. */
function withIdentity(fields: Fields, configuration: Fields, { metadata }: KubeObject): Fields {
  const { apiVersion, kind } = configuration
  const { metadata: marks, ...rest } = fields
  const { labels: _l, annotations: _a, finalizers: _f, ownerReferences: _o, ...others } = metadata
  const { name, namespace, uid, resourceVersion } = objectOf(configuration['metadata'])
  const named = Object.entries({ name, namespace, uid, resourceVersion }).filter(
    ([, value]) => value !== undefined,
  )
  return {
    apiVersion,
    kind,
    ...rest,
    metadata: { ...others, ...objectOf(marks), ...Object.fromEntries(named) },
  }
}

function objectOf(value: unknown): Fields {
  return isObject(value) ? value : {}
}
