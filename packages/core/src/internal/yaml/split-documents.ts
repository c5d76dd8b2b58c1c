import type { SteppedItems, Steps } from '../steps.ts'

/** A text in parts, so that a large one need not be one string, which takes long to create. All but the first begin with a line of `---`, and none is empty unless it is the only one. */
export type TextParts = readonly string[]

export interface DocumentText {
  readonly text: string
  readonly start: number
}

const DASHES = '---'
const DASHES_LINE = `\n${DASHES}`
const MARKS = ['\n%', '\n...', '\r']
const CHARACTERS_IN_A_STEP = 524_288
const LINES_IN_A_STEP = 65_536
/** A mark may begin at the end of a piece, and the character after the dashes counts too. */
const OVERLAP = DASHES_LINE.length

/** Whether {@link splitDocuments} can split a text: it contains no directives, no document end markers, and nothing after the dashes. */
export function* isSplittable(parts: TextParts): Steps<boolean> {
  const [first = ''] = parts
  if (first.startsWith('%') || first.startsWith('...')) return false
  for (const part of parts) {
    if (part.startsWith(DASHES) && !isLineEnd(part, DASHES.length)) return false
    for (let start = 0; start < part.length; start += CHARACTERS_IN_A_STEP) {
      if (hasMark(part.slice(start, start + CHARACTERS_IN_A_STEP + OVERLAP))) return false
      if (start + CHARACTERS_IN_A_STEP < part.length) yield
    }
    if (parts.length > 1) yield
  }
  return true
}

function hasMark(piece: string): boolean {
  if (MARKS.some((mark) => piece.includes(mark))) return true
  for (let at = piece.indexOf(DASHES_LINE); at !== -1; at = piece.indexOf(DASHES_LINE, at + 1)) {
    if (!isLineEnd(piece, at + DASHES_LINE.length)) return true
  }
  return false
}

function isLineEnd(text: string, at: number): boolean {
  return at >= text.length || text[at] === '\n'
}

/** Splits a text at lines of `---`, if it {@link isSplittable}. Documents without a character are left out. */
export function* splitDocuments(parts: TextParts): SteppedItems<DocumentText> {
  let before = 0
  let empty = 0
  for (const part of parts) {
    for (let start = 0; start < part.length;) {
      const found = part.indexOf(DASHES_LINE, start)
      const next = found === -1 ? part.length : found + 1
      const end = part.startsWith(DASHES, start) ? start : next
      if (end > start) yield { text: part.slice(start, end), start: before + start }
      else if (++empty % LINES_IN_A_STEP === 0) yield
      start = end + DASHES.length + 1
    }
    before += part.length
  }
}

/** Returns a function that counts the lines before a position, in steps. Positions must be passed in ascending order. */
export function lineCounter(parts: TextParts): (position: number) => Steps<number> {
  let [lines, index, before, next] = [0, 0, 0, 0]
  return function* linesBefore(position) {
    for (let part = parts[index]; part !== undefined; part = parts[index]) {
      const newline = part.indexOf('\n', next)
      if (newline !== -1 && before + newline >= position) break
      if (newline === -1) {
        if (before + part.length >= position) break
        before += part.length
        index++
        next = 0
      } else {
        next = newline + 1
        if (++lines % LINES_IN_A_STEP === 0) yield
      }
    }
    return lines
  }
}
