/** Distinct items in an order. */
export interface SortedSet<T> {
  add(item: T): void
  delete(item: T): void
  /** The first one. */
  first(): T | undefined
  /** The items that come after `after`, or equal it if `isIncluded`. Not to be changed meanwhile. */
  from(after: T, isIncluded: boolean): Iterable<T>
}

/** The items are in short sorted lists, so that adding one moves few others. */
const MAX_LIST = 512

/** An empty set, with the order of its items. */
export function sortedSet<T>(compare: (one: T, other: T) => number): SortedSet<T> {
  const lists: T[][] = [[]]

  /** The list that has the item, or that it belongs in: the last one that does not begin after it. */
  const listOf = (item: T): number => {
    const after = firstWhere(lists, ([first]) => first !== undefined && compare(first, item) > 0)
    return Math.max(0, after - 1)
  }
  /** The index of the item in a list, or where it belongs. */
  const placeIn = (list: readonly T[], item: T): number =>
    firstWhere(list, (each) => compare(each, item) >= 0)
  const isAt = (list: readonly T[], index: number, item: T): boolean => {
    const found = list[index]
    return found !== undefined && compare(found, item) === 0
  }

  return {
    add(item) {
      const at = listOf(item)
      const list = lists[at] ?? []
      const index = placeIn(list, item)
      if (isAt(list, index, item)) return
      list.splice(index, 0, item)
      if (list.length > MAX_LIST) lists.splice(at + 1, 0, list.splice(MAX_LIST / 2))
    },
    delete(item) {
      const at = listOf(item)
      const list = lists[at] ?? []
      const index = placeIn(list, item)
      if (!isAt(list, index, item)) return
      list.splice(index, 1)
      if (list.length === 0 && lists.length > 1) lists.splice(at, 1)
    },
    first: () => lists[0]?.[0],
    *from(after, isIncluded) {
      const at = listOf(after)
      const list = lists[at] ?? []
      const index = placeIn(list, after)
      yield* list.slice(isAt(list, index, after) && !isIncluded ? index + 1 : index)
      for (let next = at + 1; next < lists.length; next++) yield* lists[next] ?? []
    },
  }
}

/** The index of the first item of which this is true, as it is of all after it; the number of items if there is none. */
export function firstWhere<T>(items: readonly T[], isTrue: (item: T) => boolean): number {
  let low = 0
  let high = items.length
  while (low < high) {
    const middle = (low + high) >> 1
    const item = items[middle]
    if (item === undefined || isTrue(item)) high = middle
    else low = middle + 1
  }
  return low
}
