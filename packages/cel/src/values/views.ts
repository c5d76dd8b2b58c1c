import type { Value } from './value.ts'

type List = readonly Value[]

const views = new WeakMap<List, () => List>()

/**
 * Gives a list other elements for those who ask for one by its index than for those who go through all of them.
 *
 * @param make is called when an element is asked for.
 */
export function setView(list: List, make: () => List): void {
  let made: List | undefined
  views.set(list, () => (made ??= make()))
}

/** The elements of a list as an index finds them. */
export function indexed(list: List): List {
  return views.get(list)?.() ?? list
}

/** Whether an index finds other elements. */
export function hasView(list: List): boolean {
  return views.has(list)
}
