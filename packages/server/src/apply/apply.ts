import { isObject } from '@kube-authn/core/internal'
import type { KubeObject, ManagedFieldsEntry } from '../registry/kube-object.ts'
import type { Resource } from '../registry/resource.ts'
import { applyConflict, type Conflict } from './apply-conflict.ts'
import { changesOf, fieldsOf } from './applied-fields.ts'
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
import { mergeApplied, prune } from './merge-applied.ts'
import {
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
import { requireKeys } from './parts.ts'

type JsonObject = Readonly<Record<string, unknown>>

/** What is applied, and which manager applies it. */
export interface Application {
  readonly resource: Resource
  readonly configuration: JsonObject
  readonly manager: Manager
  /** Whether fields of others are taken over. */
  readonly isForced: boolean
}

/** An object after something was applied to it, before it is read and validated. */
export interface Applied {
  readonly value: JsonObject
  readonly owners: readonly ManagedFieldsEntry[]
}

/**
 * Applies a configuration to an object: its fields become those of the manager, and fields that the manager had before and the configuration does not
 * have are removed, unless others own them too.
 *
 * Source: structured-merge-diff `merge/update.go` Apply; KEP-555.
 *
 * @param old `undefined` if there is none.
 * @throws {StatusError} 409 if others own fields for which the configuration has other values, 422 if elements of its lists cannot be told apart.
 */
export function apply(
  { resource, configuration, manager, isForced }: Application,
  old: KubeObject | undefined,
): Applied {
  const slot = slotOfResource(resource)
  const wanted = writable(resource, manager.subresource, ownable(configuration))
  requireKeys(wanted, slot)
  const fields = Object.keys(wanted).length === 0 ? NO_FIELDS : fieldsOf(wanted, slot)
  if (old === undefined) return { value: configuration, owners: owning(resource, [], manager, fields) }

  const live = ownable(old)
  const merged = mergeApplied(live, wanted, slot)
  const taken = intersection(fields, changesOf(live, merged, slot).changed)
  const lastApplied = fieldsOfLastApplied(resource, old, manager.name)
  const before = ownersOf(resource, old, manager.time)
  // As if kubectl had moved the owner of its earlier applies, which is not known here.
  const isFirst = old.metadata.managedFields === undefined && !isEmptySet(lastApplied)
  const owners = isFirst
    ? owning(resource, losing(before, lastApplied, manager), manager, lastApplied)
    : before
  const allowed = isForced ? taken : lastApplied
  requireNoConflict(owners, difference(taken, allowed), manager)
  const left = losing(owners, taken, manager)
  const own = left.find((entry) => isOf(entry, manager))
  const kept = union(fields, ...left.filter((entry) => entry !== own).map(fieldsOfOwner))
  const given = own === undefined ? NO_FIELDS : difference(fieldsOfOwner(own), fields)
  return {
    value: withLastApplied(
      withIdentity(prune(merged, slot, given, kept), configuration, old),
      configuration,
      manager.name,
    ),
    owners: owning(resource, left, manager, fields),
  }
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
function withIdentity(fields: unknown, configuration: JsonObject, { metadata }: KubeObject): JsonObject {
  const { apiVersion, kind } = configuration
  const { metadata: marks, ...rest } = objectOf(fields)
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

function objectOf(value: unknown): JsonObject {
  return isObject(value) ? value : {}
}
