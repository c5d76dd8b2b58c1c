import type { Meter } from '../evaluate/evaluation.ts'

/** A compiled pattern. */
export interface Instructions {
  readonly start: number
  numInst(): number
  getInst(position: number): Instruction
}

interface Instruction {
  readonly op: number
  readonly out: number
  readonly arg: number
  matchRune(character: number): boolean
}

/** A match, in UTF-16 units. */
export interface Found {
  readonly start: number
  readonly end: number
}

/** The instruction codes of the RE2 library. Codes from the last one on match a character. */
const [ALT, ALT_MATCH, CAPTURE, EMPTY_WIDTH, , MATCH, NOP, CHARACTER] = [1, 2, 3, 4, 5, 6, 7, 8] as const

/** A reached position in the pattern, and the start of its match. */
interface Thread {
  readonly position: number
  readonly start: number
}

/**
 * Finds the first match of a pattern, and the one that the pattern prefers among those. The RE2 library only reports whether a match
 * exists. Time is linear in the text, and each step is charged.
 *
 * Source: Russ Cox, "Regular Expression Matching: the Virtual Machine Approach"; Go `regexp`.
 */
export function search(program: Instructions, text: string, from: number, meter: Meter): Found | undefined {
  let threads: readonly Thread[] = []
  let found: Found | undefined
  for (let at = from, before = characterBefore(text, from); at <= text.length;) {
    const character = text.codePointAt(at) ?? -1
    const here = new Threads(program, boundaries(before, character), meter)
    for (const { position, start } of threads) here.add(position, start)
    // An earlier start is preferred.
    if (found === undefined) here.add(program.start, at)
    const next: Thread[] = []
    for (const { position, start } of here.reached) {
      const { op, out } = program.getInst(position)
      if (op === MATCH) {
        found = { start, end: at }
        break
      }
      if (program.getInst(position).matchRune(character)) next.push({ position: out, start })
    }
    if (next.length === 0 && found !== undefined) return found
    threads = next
    before = character
    at += character > 0xffff ? 2 : 1
  }
  return found
}

/** The positions reached without another character, in the order of preference. */
class Threads {
  readonly reached: Thread[] = []
  readonly #seen = new Set<number>()
  readonly #program: Instructions
  readonly #boundaries: number
  readonly #meter: Meter

  constructor(program: Instructions, boundariesHere: number, meter: Meter) {
    this.#program = program
    this.#boundaries = boundariesHere
    this.#meter = meter
  }

  add(first: number, start: number): void {
    const waiting = [first]
    for (let position = waiting.pop(); position !== undefined; position = waiting.pop()) {
      if (this.#seen.has(position)) continue
      this.#seen.add(position)
      this.#meter.spend(2)
      const { op, out, arg } = this.#program.getInst(position)
      if (op === MATCH || op >= CHARACTER) this.reached.push({ position, start })
      else if (op === ALT || op === ALT_MATCH) waiting.push(arg, out)
      else if (op === NOP || op === CAPTURE || (op === EMPTY_WIDTH && (arg & ~this.#boundaries) === 0)) {
        waiting.push(out)
      }
    }
  }
}

/** The empty-width conditions between two characters (-1: none), such as the beginning or end of a line, numbered as in Go. */
function boundaries(before: number, after: number): number {
  const line = (before === -1 || before === 0x0a ? 1 : 0) | (after === -1 || after === 0x0a ? 2 : 0)
  const text = (before === -1 ? 4 : 0) | (after === -1 ? 8 : 0)
  return line | text | (isWord(before) === isWord(after) ? 32 : 16)
}

function isWord(character: number): boolean {
  return character >= 0 && character < 0x80 && /\w/.test(String.fromCharCode(character))
}

function characterBefore(text: string, at: number): number {
  if (at === 0) return -1
  const unit = text.charCodeAt(at - 1)
  const isSecondHalf = unit >= 0xdc00 && unit <= 0xdfff && at > 1
  return (isSecondHalf ? text.codePointAt(at - 2) : unit) ?? -1
}
