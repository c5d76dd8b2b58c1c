import { isList, MapValue, type Value } from './value.ts'

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

/** A map that has been found by a name or an index, and finds other keys than one that has been visited. */
export abstract class MapView extends MapValue {
  abstract readonly isView: boolean
  abstract visited(): MapValue
}

/** Whether the list or map differs from what a visit finds. */
export function isView(value: Value): boolean {
  return isList(value) ? views.has(value) : value instanceof MapView && value.isView
}

/** A list or map as a visit finds it. */
export function visitedView(value: Value): Value {
  if (!isView(value)) return value
  if (value instanceof MapView) return value.visited()
  return isList(value) ? [...value] : value
}
