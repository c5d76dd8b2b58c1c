/** Replaces lists by their items. The items of a list such as `RoleList` may omit their kind. */
export function* listed(values: readonly unknown[]): Iterable<unknown> {
  for (const value of values) {
    const { kind, items, apiVersion }: MaybeList =
      typeof value === 'object' && value !== null ? value : NO_LIST
    if (typeof kind !== 'string' || !kind.endsWith('List') || !Array.isArray(items)) yield value
    else if (kind === 'List') yield* items
    else for (const item of items as readonly unknown[]) yield inherited(item, kind, apiVersion)
  }
}

/** An item with the kind that its list implies. */
function inherited(item: unknown, kindOfList: string, apiVersion: unknown): unknown {
  if (typeof item !== 'object' || item === null) return item
  return { kind: kindOfList.slice(0, -'List'.length), apiVersion, ...item }
}

interface MaybeList {
  readonly kind?: unknown
  readonly items?: unknown
  readonly apiVersion?: unknown
}

const NO_LIST: MaybeList = {}

/** Reads the items of a large list one after the other. */
export function itemReader<T>(
  { kind, apiVersion }: MaybeList,
  read: (value: unknown) => T,
): ((item: unknown) => T) | undefined {
  if (typeof kind !== 'string' || !kind.endsWith('List')) return undefined
  if (kind === 'List') return read
  // What follows the items is not known yet.
  if (apiVersion === undefined) return undefined
  return (item) => read(inherited(item, kind, apiVersion))
}
