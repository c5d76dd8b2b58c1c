import { RE2JS } from '@bufbuild/re2'
import { fn, type Library, method } from '../check/declarations.ts'
import { fail, type Meter } from '../evaluate/evaluation.ts'
import type { Value } from '../values/value.ts'
import { matchCost } from './costs.ts'
import { type Instructions, search } from './pattern-search.ts'

const MAX_PATTERN_LENGTH = 4096
/** Maximum number of cached non-literal patterns. */
const MAX_PATTERNS = 64

/**
 * `matches`, with the semantics of RE2, in time linear in the text.
 *
 * Deviation: a type does not count as its name (`docs/deviations.md`, patterns over types).
 *
 * Deviation: some patterns that Go takes are errors (`docs/deviations.md`, CEL patterns).
 *
 * Source: cel-spec, "Regular Expressions".
 */
export function matching(patterns: Patterns): Library {
  const test = (text: string, pattern: string): boolean => patterns.test(text, pattern)
  return {
    functions: [
      method('string.matches(string): bool', test, matchCost),
      fn('matches(string, string): bool', test),
    ],
    preparations: new Map([['matches', (constants) => patterns.prepare(constants)]]),
  }
}

/**
 * `find` and `findAll`.
 *
 * Source: apiserver `pkg/cel/library/regex.go`.
 */
export function patternSearch(patterns: Patterns): Library {
  const find = (text: string, pattern: string): string => patterns.find(text, pattern, 1)[0] ?? ''
  const findAll = (text: string, pattern: string, ...[limit = -1n]: readonly bigint[]): readonly string[] =>
    patterns.find(text, pattern, limit < 0n ? Infinity : Number(limit))
  return {
    functions: [
      method('string.find(string): string', find, matchCost),
      method('string.findAll(string): list(string)', findAll, matchCost),
      method('string.findAll(string, int): list(string)', findAll, matchCost),
    ],
    preparations: new Map(
      ['find', 'findAll'].map((name) => [name, (constants) => patterns.prepare(constants)]),
    ),
  }
}

/** The patterns of an environment, compiled once. */
export class Patterns {
  readonly #literals = new Map<string, RE2JS>()
  readonly #others = new Map<string, RE2JS>()
  /** The Unicode classes of the literal patterns. */
  readonly #classes = new Set<string>()
  readonly #meter: Meter

  constructor(meter: Meter) {
    this.#meter = meter
  }

  /** Compiles a literal pattern, the second argument, and keeps it. It fails with the reason. */
  prepare([, pattern]: readonly (Value | undefined)[]): void {
    if (typeof pattern !== 'string') return
    this.#literals.set(pattern, programOf(pattern, true))
    for (const name of classesOf(pattern)) this.#classes.add(name)
  }

  test(text: string, pattern: string): boolean {
    const program = this.#compiledBefore(pattern)
    // At worst, the whole pattern is tried at every character.
    this.#meter.spend((text.length * instructionsOf(program).numInst()) / 4)
    return program.test(text)
  }

  /** The matches, up to a limit. An empty match directly after another match is skipped. */
  find(text: string, pattern: string, limit: number): readonly string[] {
    const instructions = instructionsOf(this.#compiledBefore(pattern))
    const found: string[] = []
    for (let at = 0, previousEnd = -1; found.length < limit && at <= text.length;) {
      const place = search(instructions, text, at, this.#meter)
      if (place === undefined) break
      const isEmpty = place.end === at
      if (!isEmpty || place.start !== previousEnd) found.push(text.slice(place.start, place.end))
      at = isEmpty ? at + ((text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1) : place.end
      previousEnd = place.end
    }
    return found
  }

  #compiledBefore(pattern: string): RE2JS {
    return this.#literals.get(pattern) ?? this.#others.get(pattern) ?? this.#compiledNow(pattern)
  }

  #compiledNow(pattern: string): RE2JS {
    requireShort(pattern)
    this.#meter.spend(workToCompile(pattern))
    // Deviation: the first use of a class takes the library up to a tenth of a second (`docs/deviations.md`, CEL limits).
    if (!classesOf(pattern).every((name) => this.#classes.has(name)))
      fail('a Unicode class is in no literal pattern')
    const program = programOf(pattern, false)
    const [oldest] = this.#others.keys()
    if (this.#others.size >= MAX_PATTERNS && oldest !== undefined) this.#others.delete(oldest)
    this.#others.set(pattern, program)
    return program
  }
}

/** The program of a pattern. It fails with the reason of the library only for a literal: another one may come from a claim. */
function programOf(pattern: string, isLiteral: boolean): RE2JS {
  requireShort(pattern)
  try {
    return RE2JS.compile(pattern)
  } catch (error) {
    return fail(isLiteral && error instanceof Error ? error.message : 'error parsing regexp')
  }
}

function requireShort(pattern: string): void {
  if (pattern.length > MAX_PATTERN_LENGTH) {
    fail(`a pattern must be at most ${MAX_PATTERN_LENGTH} characters`)
  }
}

/** The Unicode classes of a pattern, such as `L` and `Greek`. */
function classesOf(pattern: string): readonly string[] {
  return Array.from(
    pattern.matchAll(/\\[pP](?:\{\^?(\w+)\}|(\w))/g),
    ([, long, short]) => long ?? short ?? '',
  )
}

/** The work of compiling: repetitions are expanded, and a Unicode class has hundreds of ranges. */
function workToCompile(pattern: string): number {
  const counts = [...pattern.matchAll(/\{(\d{1,4})(?:,(\d{0,4}))?\}/g)]
  const repetitions = counts.reduce(
    (product, [, least, most]) => product * Math.max(1, Number(least), Number(most ?? 0)),
    1,
  )
  const isLarge = /\\p|\(\?\w*i/i.test(pattern)
  const length = pattern.length + 3 * pattern.split('(').length
  return 12 * length * Math.min(200, repetitions) * (isLarge ? 40 : 1)
}

/** The compiled instructions: `.{1000}` is a short pattern with many. */
function instructionsOf(compiled: RE2JS): Instructions {
  if (isInspectable(compiled)) return compiled.re2().prog
  throw new TypeError('the library compiles no patterns')
}

/** Every compiled pattern is; the pinned RE2 library does not declare it. */
function isInspectable(compiled: object): compiled is { re2(): { readonly prog: Instructions } } {
  return 're2' in compiled
}
