/** A source of random choices. */
export interface Random {
  /** A whole number from 0, below the limit. */
  below(limit: number): number
  pick<Each>(list: readonly Each[]): Each
  /** True with a probability of one in `times`. */
  oneIn(times: number): boolean
  bytes(length: number): Uint8Array
  /** Some of a list, in any order. */
  some<Each>(list: readonly Each[], share?: number): Each[]
  list<Each>(length: number, make: (index: number) => Each): Each[]
}

/** A source of random choices. @param text identifies the case. */
export function seeded(text: string): Random
