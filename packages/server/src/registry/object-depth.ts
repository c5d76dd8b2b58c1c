/** No object that is served is deeper. */
export const MAX_DEPTH = 100

/** Whether a JSON value is nested more than this. */
export function isDeeperThan(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return false
  return depth === 0 || Object.values(value).some((each) => isDeeperThan(each, depth - 1))
}
