import { SyntaxProblem } from './source.ts'

/** Maximum nesting of each rule. */
const MAX_DEPTH = 250

/** A rule of the grammar that can contain itself. */
type Rule = 'expr' | 'relation' | 'calc' | 'member'

/**
 * Counts the nesting of each rule. The left-associative rules nest once per operator or suffix.
 *
 * Source: cel-go `parser/parser.go` (`recursionListener`).
 */
export class Depth {
  readonly #depths: Record<Rule, number> = { expr: 0, relation: 0, calc: 0, member: 0 }

  /** @throws {SyntaxProblem} if it is too deep. */
  enter(rule: Rule, offset: number): void {
    this.#depths[rule]++
    if (this.#depths[rule] <= MAX_DEPTH) return
    throw new SyntaxProblem(`expression recursion limit exceeded: ${MAX_DEPTH}`, offset)
  }

  leave(rule: Rule, count: number): void {
    this.#depths[rule] -= count
  }

  /** Parses a rule one level deeper. */
  within<T>(rule: Rule, offset: number, parse: () => T): T {
    this.enter(rule, offset)
    // Every level of the other rules is entered with an expression.
    this.#all(1)
    const parsed = parse()
    this.#all(-1)
    this.leave(rule, 1)
    return parsed
  }

  #all(step: 1 | -1): void {
    this.#depths.relation += step
    this.#depths.calc += step
    this.#depths.member += step
  }
}
