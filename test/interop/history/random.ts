/** Chance that a seed repeats. */
export interface Random {
  /** A whole number from 0 up to, but not including, `limit`. */
  below(limit: number): number
  chance(probability: number): boolean
  pick<T>(from: readonly T[]): T
}

/** The numbers of a linear congruential generator of 31 bits: good enough to choose from few. */
export function seededRandom(seed: number): Random {
  let state = (seed * 2_654_435_761) % MODULUS || 1
  const next = (): number => {
    state = (state * 48_271) % MODULUS
    return state / MODULUS
  }
  const below = (limit: number): number => Math.floor(next() * limit)
  return {
    below,
    chance: (probability) => next() < probability,
    pick(from) {
      const picked = from[below(from.length)]
      if (picked === undefined) throw new RangeError('there is nothing to pick')
      return picked
    },
  }
}

/** The Mersenne prime of Park and Miller's generator. */
const MODULUS = 2_147_483_647
