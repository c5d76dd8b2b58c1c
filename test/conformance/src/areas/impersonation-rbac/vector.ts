/** A test vector: input and expected result. Each area defines its shape. */
export interface Vector<Given = unknown, Expect = unknown> {
  readonly id: string
  readonly area: string
  readonly given: Given
  readonly expect: Expect
}

/** Whether a vector holds, and the differences. */
export interface Verdict {
  readonly pass: boolean
  readonly detail?: string
}

/** Runs one vector of an area. */
export type AreaRunner = (vector: Vector) => Promise<Verdict>

/** Collects differences. */
export class Differences {
  readonly #found: string[] = []

  /** Compares values; keys in any order, and `undefined` as absent. */
  compare(what: string, actual: unknown, expected: unknown): void {
    const [is, shouldBe] = [canonical(actual), canonical(expected)]
    if (is !== shouldBe) this.#found.push(`${what}: ${is} instead of ${shouldBe}`)
  }

  verdict(): Verdict {
    return this.#found.length === 0 ? { pass: true } : { pass: false, detail: this.#found.join('\n') }
  }
}

function canonical(value: unknown): string {
  return (
    JSON.stringify(value, (_, each: unknown) => {
      if (typeof each !== 'object' || each === null || Array.isArray(each)) return each
      return Object.fromEntries(Object.entries(each).toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
    }) ?? 'nothing'
  )
}
