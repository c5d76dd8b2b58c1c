import type { Steps } from '../steps.ts'

/** A document in a text, and its position. */
export interface DocumentText {
  readonly text: string
  readonly start: number
}

const DOCUMENTS_IN_A_STEP = 512

/**
 * Splits a stream at lines of `---`. Returns the whole text as one document if it may contain directives, document end markers, or content
 * after the dashes.
 */
export function* splitDocuments(text: string): Steps<readonly DocumentText[]> {
  const whole = [{ text, start: 0 }]
  if (text.startsWith('%') || text.startsWith('...') || (yield* includesMark(text))) return whole
  const documents: DocumentText[] = []
  for (let start = 0; start < text.length;) {
    const found = text.startsWith(DASHES, start) ? start : text.indexOf(`\n${DASHES}`, start) + 1
    const end = found === 0 && !text.startsWith(DASHES, start) ? text.length : found
    if (end > start) documents.push({ text: text.slice(start, end), start })
    start = end + DASHES.length + 1
    if (start <= text.length && text[start - 1] !== '\n') return whole
    if (documents.length % DOCUMENTS_IN_A_STEP === 0) yield
  }
  return documents
}

const DASHES = '---'
const MARKS = ['\n%', '\n...', '\r']
const CHARACTERS_IN_A_STEP = 524_288
/** A mark may begin at the end of a part. */
const OVERLAP = 3

function hasMark(part: string): boolean {
  return MARKS.some((mark) => part.includes(mark))
}

function* includesMark(text: string): Steps<boolean> {
  for (let start = 0; start < text.length; start += CHARACTERS_IN_A_STEP) {
    if (hasMark(text.slice(start, start + CHARACTERS_IN_A_STEP + OVERLAP))) return true
    if (start + CHARACTERS_IN_A_STEP < text.length) yield
  }
  return false
}

/** Returns a function that counts the lines before a position. Positions must be passed in ascending order. */
export function lineCounter(text: string): (position: number) => number {
  let lines = 0
  let next = text.indexOf('\n')
  return (position) => {
    for (; next !== -1 && next < position; next = text.indexOf('\n', next + 1)) lines++
    return lines
  }
}
