import { RE2JS } from '@bufbuild/re2'
import type { Environment } from '@marcbachmann/cel-js'
import type { Budget } from '../budget.ts'
import { CelEvaluationError } from '../cel.ts'
import type { Node } from '../engine.ts'
import { nodesOf } from '../syntax/tree.ts'

/** A pattern is at most this long. */
const MAX_PATTERN_LENGTH = 4096
/** Patterns that are not written out are kept up to this number. */
const MAX_PATTERNS = 64

/** Patterns, compiled. */
export interface Patterns {
  /** What is wrong with a pattern that is written out, so that it shows before anybody is asked about a text. */
  problem(root: Node): { readonly node: Node; readonly message: string } | undefined
  /** Whether a pattern is anywhere in a text. */
  test(text: string, pattern: string): boolean
}

/**
 * Registers `matches`, as RE2 does it, in time that is linear in the text. The one of the library is JavaScript's, which a text of
 * 28 characters can keep busy for seconds, and which knows neither `(?i)` nor `\pL`.
 *
 * Source: cel-spec, "Regular Expressions".
 */
export function registerRegularExpressions(environment: Environment, patterns: Patterns): void {
  const test = (text: string, pattern: string): boolean => patterns.test(text, pattern)
  environment.registerFunction('string.Matches(string): bool', test, { async: false })
  environment.registerFunction('Matches(string, string): bool', test, { async: false })
}

/** The patterns of a compiler. */
export function patternsWithin(budget: Budget): Patterns {
  const literals = new Map<string, RE2JS>()
  const others = new Map<string, RE2JS>()

  const compiledNow = (pattern: string): RE2JS => {
    requireShort(pattern)
    budget.spend(costToCompile(pattern))
    const compiled = compiledOrNone(pattern)
    // What is wrong with it may be from a claim, and is not repeated.
    if (compiled === undefined) throw new CelEvaluationError('error parsing regexp')
    const [oldest] = others.keys()
    if (others.size >= MAX_PATTERNS && oldest !== undefined) others.delete(oldest)
    others.set(pattern, compiled)
    return compiled
  }

  return {
    problem(root) {
      for (const node of nodesOf(root)) {
        const pattern = patternOf(node)
        if (pattern?.op !== 'value' || typeof pattern.args !== 'string') continue
        try {
          literals.set(pattern.args, compile(pattern.args))
        } catch (error) {
          return { node: pattern, message: error instanceof Error ? error.message : 'error parsing regexp' }
        }
      }
      return undefined
    },
    test(text, pattern) {
      const compiled = literals.get(pattern) ?? others.get(pattern) ?? compiledNow(pattern)
      budget.spend((text.length * instructionsOf(compiled)) / 4)
      return compiled.test(text)
    },
  }
}

function patternOf(node: Node): Node | undefined {
  if (node.op === 'rcall') return node.args[0] === 'matches' ? node.args[2][0] : undefined
  return node.op === 'call' && node.args[0] === 'matches' ? node.args[1][1] : undefined
}

function compiledOrNone(pattern: string): RE2JS | undefined {
  try {
    return compile(pattern)
  } catch {
    return undefined
  }
}

function compile(pattern: string): RE2JS {
  requireShort(pattern)
  return RE2JS.compile(pattern)
}

function requireShort(pattern: string): void {
  if (pattern.length > MAX_PATTERN_LENGTH) {
    throw new CelEvaluationError(`a pattern must be at most ${MAX_PATTERN_LENGTH} characters`)
  }
}

/** A pattern is repeated as often as it says, and a class of Unicode has hundreds of ranges. */
function costToCompile(pattern: string): number {
  const counts = [...pattern.matchAll(/\{(\d{1,4})(?:,(\d{0,4}))?\}/g)]
  const repetitions = counts.reduce(
    (product, [, least, most]) => product * Math.max(1, Number(least), Number(most ?? 0)),
    1,
  )
  const isLarge = /\\p|\(\?\w*i/i.test(pattern)
  return pattern.length * Math.min(1000, repetitions) * (isLarge ? 100 : 1)
}

/** How much the pattern became: `.{1000}` is short and long. A text is at worst held against all of it at every character. */
function instructionsOf(compiled: RE2JS): number {
  return isInspectable(compiled) ? compiled.re2().prog.numInst() : MAX_PATTERN_LENGTH
}

/** Every one is; the library, which is pinned, does not declare it. */
function isInspectable(compiled: object): compiled is { re2(): { readonly prog: { numInst(): number } } } {
  return 're2' in compiled
}
