import { type Part, partsOf, type Slot } from './parts.ts'

/**
 * A value with what is applied to it: parts with owners of their own are merged, others replaced.
 *
 * Source: structured-merge-diff `typed/merge.go`.
 *
 * @param live `undefined` if there is none; likewise `applied`.
 */
export function mergeApplied(live: unknown, applied: unknown, slot: Slot): unknown {
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
