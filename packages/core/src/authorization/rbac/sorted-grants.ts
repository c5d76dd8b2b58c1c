import { compareGrants, type Grant, type GrantPosition } from './grant.ts'

/** Adds a grant to a sorted list, once. Grants are usually added in order, at the end. */
export function insertGrant(list: Grant[], grant: Grant): void {
  const last = list.at(-1)
  if (last === undefined || compareGrants(last, grant) < 0) list.push(grant)
  else {
    const index = indexOf(list, grant)
    if (list[index] !== grant) list.splice(index, 0, grant)
  }
}

/** Removes the grant at a position from a sorted list, and returns it. */
export function removeGrant(list: Grant[], position: GrantPosition): Grant | undefined {
  const index = indexOf(list, position)
  const found = list[index]
  if (found === undefined || compareGrants(found, position) !== 0) return undefined
  list.splice(index, 1)
  return found
}

/** Where a position is in a sorted list, or would be. */
function indexOf(list: readonly Grant[], position: GrantPosition): number {
  let [low, high] = [0, list.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    const each = list[middle]
    if (each !== undefined && compareGrants(each, position) < 0) low = middle + 1
    else high = middle
  }
  return low
}
