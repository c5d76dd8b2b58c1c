import { compact } from '../compact.ts'

/** The groups of a record, and whether they need advice. */
export interface GroupList {
  readonly groups: readonly string[]
  readonly hasAdvice: boolean
}

/** The maximum number of different lists that are remembered while a file is read: a larger map is slow to grow. */
const MAX_LISTS = 65_536

/** Returns a function that splits the fourth column. Equal columns share one list, since files have many users and few sets of groups. */
export function groupLists(): (groups: string | undefined) => GroupList {
  const known = new Map<string, GroupList>()
  return (text) => {
    if (text === undefined) return NO_GROUPS
    const found = known.get(text)
    if (found !== undefined) return found
    const own = compact(text)
    const groups = Object.freeze(own.split(','))
    const list = { groups, hasAdvice: groups.includes('') || groups.some(hasSpaceAround) }
    if (known.size === MAX_LISTS) known.clear()
    known.set(own, list)
    return list
  }
}

/** Whether white space is part of a group's name. */
export function hasSpaceAround(group: string): boolean {
  return group !== group.trim()
}

const NO_GROUPS: GroupList = { groups: Object.freeze([]), hasAdvice: false }
