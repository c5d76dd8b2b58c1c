/** How near a number is to its limit. */
export interface LimitLevel {
  readonly is: 'below' | 'near' | 'beyond'
  /** It was not so near before. */
  readonly isNew: boolean
}

const NEAR = 0.8
/** A number that goes back and forth around a level is told once: it is forgotten this much lower. */
const FORGOTTEN = 0.1

/** Says of a number that changes when it comes near to its limit, and when it is beyond it. */
export function limitLevels(limit: number): (count: number) => LimitLevel {
  let told = 0
  const levelOf = (count: number): number => (count > limit ? 2 : count >= limit * NEAR ? 1 : 0)
  return (count) => {
    const level = levelOf(count)
    const isNew = level > told
    told = Math.max(level, Math.min(told, levelOf(count + limit * FORGOTTEN)))
    return { is: (['below', 'near', 'beyond'] as const)[level] ?? 'below', isNew }
  }
}
