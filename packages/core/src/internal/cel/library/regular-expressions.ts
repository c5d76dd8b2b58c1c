import { RE2JS } from '@bufbuild/re2'
import type { Environment } from '@marcbachmann/cel-js'
import type { Budget } from '../budget.ts'
import { CelEvaluationError } from '../cel.ts'
import { type Node, registrar } from '../engine.ts'
import { nodesOf } from '../syntax/tree.ts'
import { type Instructions, search } from './pattern-search.ts'

/** Maximum length of a pattern. */
const MAX_PATTERN_LENGTH = 4096
/** Maximum number of cached non-literal patterns. */
const MAX_PATTERNS = 64

/** Compiles and matches patterns. */
export interface Patterns {
  /** The error of a literal pattern, so that it is reported at compile time. */
  problem(root: Node): PatternProblem | undefined
  /** Whether a pattern matches anywhere in a text. */
  test(text: string, pattern: string): boolean
  /** The matches, up to a limit. An empty match directly after another match is skipped. */
  find(text: string, pattern: string, limit: number): readonly string[]
}

/** The error of a pattern, and the function it is for. */
export interface PatternProblem {
  readonly node: Node
  readonly functionName: string
  readonly message: string
}

/**
 * Registers `matches`, `find` and `findAll` with the semantics of RE2, in time linear in the text. cel-js uses JavaScript regular
 * expressions, which can take seconds for 28 characters and support neither `(?i)` nor `\pL`.
 *
 * Source: cel-spec, "Regular Expressions"; apiserver `pkg/cel/library/regex.go`.
 */
export function registerRegularExpressions(environment: Environment, patterns: Patterns): void {
  const register = registrar(environment)
  const test = (text: string, pattern: string): boolean => patterns.test(text, pattern)
  register('string.Matches(string): bool', test)
  register('Matches(string, string): bool', test)
  register('string.find(string): string', (text: string, pattern: string) => {
    const [first = ''] = patterns.find(text, pattern, 1)
    return first
  })
  register('string.findAll(string): list<string>', (text: string, pattern: string) =>
    patterns.find(text, pattern, Infinity),
  )
  register('string.findAll(string, int): list<string>', (text: string, pattern: string, limit: bigint) =>
    patterns.find(text, pattern, limit < 0n ? Infinity : Number(limit)),
  )
}

/** Creates the patterns of a compiler. */
export function patternsWithin(budget: Budget): Patterns {
  const literals = new Map<string, RE2JS>()
  const others = new Map<string, RE2JS>()

  const compiledNow = (pattern: string): RE2JS => {
    requireShort(pattern)
    budget.spend(costToCompile(pattern))
    const compiled = compiledOrNone(pattern)
    // Do not repeat the pattern: it may come from a claim.
    if (compiled === undefined) throw new CelEvaluationError('error parsing regexp')
    const [oldest] = others.keys()
    if (others.size >= MAX_PATTERNS && oldest !== undefined) others.delete(oldest)
    others.set(pattern, compiled)
    return compiled
  }
  const compiledBefore = (pattern: string): RE2JS =>
    literals.get(pattern) ?? others.get(pattern) ?? compiledNow(pattern)

  return {
    problem(root) {
      for (const node of nodesOf(root)) {
        const [functionName, pattern] = patternOf(node)
        if (functionName === undefined || pattern?.op !== 'value' || typeof pattern.args !== 'string')
          continue
        try {
          literals.set(pattern.args, compile(pattern.args))
        } catch (error) {
          const message = error instanceof Error ? error.message : 'error parsing regexp'
          return { node: pattern, functionName, message }
        }
      }
      return undefined
    },
    test(text, pattern) {
      const compiled = compiledBefore(pattern)
      // At worst, the whole pattern is tried at every character.
      budget.spend((text.length * instructionsOf(compiled).numInst()) / 4)
      return compiled.test(text)
    },
    find(text, pattern, limit) {
      const instructions = instructionsOf(compiledBefore(pattern))
      const found: string[] = []
      for (let at = 0, previousEnd = -1; found.length < limit && at <= text.length;) {
        const place = search(instructions, text, at, budget)
        if (place === undefined) break
        const isEmpty = place.end === at
        if (!isEmpty || place.start !== previousEnd) found.push(text.slice(place.start, place.end))
        at = isEmpty ? at + ((text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1) : place.end
        previousEnd = place.end
      }
      return found
    },
  }
}

function patternOf(node: Node): readonly [string?, (Node | undefined)?] {
  if (node.op === 'rcall') {
    const [name, , [pattern]] = node.args
    return ['matches', 'find', 'findAll'].includes(name) ? [name, pattern] : []
  }
  return node.op === 'call' && node.args[0] === 'matches' ? ['matches', node.args[1][1]] : []
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

/** The cost of compiling: repetitions are expanded, and a Unicode class has hundreds of ranges. */
function costToCompile(pattern: string): number {
  const counts = [...pattern.matchAll(/\{(\d{1,4})(?:,(\d{0,4}))?\}/g)]
  const repetitions = counts.reduce(
    (product, [, least, most]) => product * Math.max(1, Number(least), Number(most ?? 0)),
    1,
  )
  const isLarge = /\\p|\(\?\w*i/i.test(pattern)
  return pattern.length * Math.min(1000, repetitions) * (isLarge ? 100 : 1)
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
