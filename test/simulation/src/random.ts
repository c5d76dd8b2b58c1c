/** Chance that a seed repeats, on every machine: only whole numbers of 32 bits are computed. */
export interface Random {
  /** A whole number from 0 up to, but not including, `limit`. */
  below(limit: number): number
  /** A whole number from `from` to `to`. */
  between(from: number, to: number): number
  /** Whether something happens that has this probability. */
  chance(probability: number): boolean
  pick<T>(from: readonly T[]): T
  /** Chance of its own, which does not depend on how often this one is asked. */
  fork(name: string): Random
}

/** @param name the seed, and what it is for. */
export function seededRandom(name: string): Random {
  let state = hashOf(name)
  const next = (): number => {
    state = (state + 0x9e3779b9) | 0
    const first = Math.imul(state ^ (state >>> 16), 0x21f0aaad)
    const second = Math.imul(first ^ (first >>> 15), 0x735a2d97)
    return ((second ^ (second >>> 15)) >>> 0) / 0x1_0000_0000
  }
  const below = (limit: number): number => Math.floor(next() * limit)
  return {
    below,
    between: (from, to) => from + below(to - from + 1),
    chance: (probability) => next() < probability,
    pick<T>(from: readonly T[]): T {
      if (from.length === 0) throw new RangeError('there is nothing to pick')
      return from[below(from.length)] as T
    },
    fork: (part) => seededRandom(`${name}/${part}`),
  }
}

/** FNV-1a. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193)
  }
  return hash
}
