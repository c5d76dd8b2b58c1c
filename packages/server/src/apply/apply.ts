import { isObject, quoted } from '@kube-authn/core/internal'
import { type KubeObject, type ManagedFieldsEntry, partIn } from '../registry/kube-object.ts'
import type { Fields, Resource } from '../registry/resource.ts'
import { fieldsOf, withNamedFields, type Part, partsOf, type Slot } from './parts.ts'
import {
  difference,
  type FieldSet,
  intersection,
  isEmptySet,
  NO_FIELDS,
  pathsOf,
  union,
} from './field-set.ts'
import {
  fieldsOfLastApplied,
  withLastApplied,
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
import { requireTyped } from './require-typed.ts'
import { StatusError } from '@kube-authn/core/adapter'

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

function namesOf({ group, version, kind }: Resource, configuration: Fields): string {
  const { namespace = '', name = '' } = partIn(configuration, 'metadata')
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
  const { metadata: _marks, ...rest } = fields
  const { labels: _l, annotations: _a, finalizers: _f, ownerReferences: _o, ...others } = metadata
  const { name, namespace, uid, resourceVersion } = partIn(configuration, 'metadata')
  const named = Object.entries({ name, namespace, uid, resourceVersion }).filter(
    ([, value]) => value !== undefined,
  )
  return {
    apiVersion,
    kind,
    ...rest,
    metadata: { ...others, ...partIn(fields, 'metadata'), ...Object.fromEntries(named) },
  }
}

/**
 * A value with what is applied to it: parts with owners of their own are merged, others replaced.
 *
 * Source: structured-merge-diff `typed/merge.go`.
 *
 * @param live `undefined` if there is none; likewise `applied`.
 */
function mergeApplied(live: unknown, applied: unknown, slot: Slot): unknown {
  if (live === undefined) return applied
  if (applied === undefined) return live
  const old = partsOf(live, slot)
  const parts = partsOf(applied, slot)
  if (old === undefined || parts === undefined || (old.size === 0 && parts.size === 0)) return applied
  const keys = slot.many === 'list' ? orderOf(old, parts) : new Set([...old.keys(), ...parts.keys()])
  const merged = [...keys].map((key) => {
    const [one, other] = [old.get(key), parts.get(key)]
    return [key, mergeApplied(one?.value, other?.value, (one ?? other)?.slot ?? slot)] as const
  })
  return slot.many === 'list'
    ? merged.map(([, value]) => value)
    : Object.fromEntries(merged.map(([key, value]) => [key.slice(2), value]))
}

/** The keys of both: those that are applied in their own order, and the others before the elements that followed them, as far as that is possible. */
function orderOf(old: ReadonlyMap<string, Part>, applied: ReadonlyMap<string, Part>): ReadonlySet<string> {
  const [left, right] = [[...old.keys()], [...applied.keys()]]
  const shared = right.filter((key) => old.has(key))
  const order = new Set<string>()
  for (let [l, r, s] = [0, 0, 0]; l < left.length || r < right.length;) {
    const [mine, theirs] = [left[l], right[r]]
    if (mine !== undefined && !applied.has(mine)) {
      order.add(mine)
      l++
    } else if (mine !== undefined && mine !== theirs && shared[s] !== undefined && mine !== shared[s]) {
      // It comes later in what is applied, or was there.
      l++
    } else {
      if (mine === theirs || (mine !== undefined && order.has(mine))) l++
      if (theirs !== undefined) order.add(theirs)
      if (theirs !== undefined && theirs === shared[s]) s++
      r++
    }
  }
  return order
}

/**
 * A value without what a manager gives up.
 *
 * Source: structured-merge-diff `merge/update.go` prune.
 *
 * @param last the fields that the manager had before.
 * @param claimed those that it and all others have now: they stay.
 */
function prune(value: unknown, slot: Slot, last: FieldSet, claimed: FieldSet): unknown {
  const named = (set: FieldSet): FieldSet => withNamedFields(set, slot)
  const all = named(fieldsOf(value, slot))
  const without = named(fieldsOf(removeFields(value, slot, named(last)), slot))
  const owned = removeFields(value, slot, difference(all, union(without, named(claimed))))
  const gone = difference(all, named(fieldsOf(owned, slot)))
  // What nothing owns stays unless it is itself what was given up.
  return removeFields(value, slot, intersection(gone, named(last)))
}

/**
 * A value without these fields. A map or a list of which nothing is left is `null`.
 *
 * Source: structured-merge-diff `typed/remove.go`.
 */
function removeFields(value: unknown, slot: Slot, fields: FieldSet): unknown {
  const parts = partsOf(value, slot)
  if (parts === undefined || parts.size === 0 || fields.parts.size === 0) return value
  const left: [string, unknown][] = []
  for (const [key, part] of parts) {
    const inner = fields.parts.get(key)
    if (inner === undefined) left.push([key.slice(2), part.value])
    else if (!inner.isMember) left.push([key.slice(2), removeFields(part.value, part.slot, inner)])
  }
  if (left.length === 0) return null
  return slot.many === 'list' ? left.map(([, each]) => each) : Object.fromEntries(left)
}

/** A field that another manager owns. */
interface Conflict {
  readonly entry: ManagedFieldsEntry
  readonly path: string
}

const MAX_TOLD = 100

/**
 * 409: others own fields that are applied with other values. No values are shown.
 *
 * Source: apimachinery `pkg/util/managedfields/internal/conflict.go`.
 */
function applyConflict(conflicts: readonly Conflict[]): StatusError {
  const told = conflicts
    .map(({ entry, path }) => ({ owner: nameOf(entry), path }))
    .toSorted((a, b) => (a.owner < b.owner ? -1 : a.owner > b.owner ? 1 : 0))
    .slice(0, MAX_TOLD)
  return new StatusError({
    status: 409,
    reason: 'Conflict',
    message: `Apply failed with ${wordsOf(told, conflicts.length)}`,
    details: {
      causes: told.map(({ owner, path }) => ({
        reason: 'FieldManagerConflict',
        message: `conflict with ${owner}`,
        field: path,
      })),
    },
  })
}

interface Told {
  readonly owner: string
  readonly path: string
}

function wordsOf(told: readonly Told[], count: number): string {
  const [first] = told
  if (first !== undefined && count === 1) return `1 conflict: conflict with ${first.owner}: ${first.path}`
  const owners = [...new Set(told.map(({ owner }) => owner))]
  const lines = owners.flatMap((each) => [
    `conflicts with ${each}:`,
    ...told.filter(({ owner }) => owner === each).map(({ path }) => `- ${path}`),
  ])
  return `${count} conflicts: ${lines.join('\n')}`
}

/** An applier has one set of fields whatever the version, an updater one for each. */
function nameOf({ manager, subresource, operation, apiVersion }: ManagedFieldsEntry): string {
  const part = subresource === undefined ? '' : ` with subresource ${quoted(subresource)}`
  return `${quoted(manager)}${part}${operation === 'Update' ? ` using ${apiVersion}` : ''}`
}
