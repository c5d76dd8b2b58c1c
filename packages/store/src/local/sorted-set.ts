import { byBytes } from '../key-order.ts'

/** Distinct keys in the order of their bytes. */
export interface SortedKeys {
  add(key: string): void
  delete(key: string): void
  /** The keys that come after `after`, or are it if `isIncluded`. Not to be changed meanwhile. */
  from(after: string, isIncluded: boolean): Iterable<string>
}

/** The keys in short sorted lists, so that adding one moves few others. */
const MAX_LIST = 512

/** An empty set of keys. */
export function sortedKeys(): SortedKeys {
  const lists: string[][] = [[]]

  /** The list that has the key, or that it belongs in: the last one that does not begin after it. */
  const listOf = (key: string): number => {
    let low = 0
    let high = lists.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      const first = lists[middle]?.[0]
      if (first !== undefined && byBytes(first, key) <= 0) low = middle
      else high = middle - 1
    }
    return low
  }

  return {
    add(key) {
      const at = listOf(key)
      const list = lists[at] ?? []
      const index = placeIn(list, key)
      if (list[index] === key) return
      list.splice(index, 0, key)
      if (list.length > MAX_LIST) lists.splice(at + 1, 0, list.splice(MAX_LIST / 2))
    },
    delete(key) {
      const at = listOf(key)
      const list = lists[at] ?? []
      const index = placeIn(list, key)
      if (list[index] !== key) return
      list.splice(index, 1)
      if (list.length === 0 && lists.length > 1) lists.splice(at, 1)
    },
    *from(after, isIncluded) {
      const at = listOf(after)
      const list = lists[at] ?? []
      const index = placeIn(list, after)
      yield* list.slice(list[index] === after && !isIncluded ? index + 1 : index)
      for (let next = at + 1; next < lists.length; next++) yield* lists[next] ?? []
    },
  }
}

/** The index of the key, or where it belongs. */
function placeIn(list: readonly string[], key: string): number {
  let low = 0
  let high = list.length
  while (low < high) {
    const middle = (low + high) >> 1
    const each = list[middle]
    if (each !== undefined && byBytes(each, key) < 0) low = middle + 1
    else high = middle
  }
  return low
}
