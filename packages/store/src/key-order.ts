/**
 * Compares keys by their bytes in UTF-8, which is the order of their code points.
 *
 * UTF-16 has another order: its surrogates, which stand for code points from U+10000, are less than U+E000 to U+FFFF.
 */
export function byBytes(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let index = 0; index < length; index++) {
    const left = a.charCodeAt(index)
    const right = b.charCodeAt(index)
    if (left !== right)
      return isSurrogate(left) === isSurrogate(right) ? left - right : isSurrogate(left) ? 1 : -1
  }
  return a.length - b.length
}

function isSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdfff
}

/** The end of the range of keys that begin with `prefix`: greater than all of them. */
export function rangeEnd(prefix: string): string {
  const points = Array.from(prefix)
  for (let last = points.pop(); last !== undefined; last = points.pop()) {
    const code = last.codePointAt(0) ?? 0
    if (code < 0x10ffff) return points.join('') + String.fromCodePoint(code === 0xd7ff ? 0xe000 : code + 1)
  }
  return LAST_KEY
}

/** Greater than every key: none has this character followed by 1,024 bytes. */
const LAST_KEY = '\u{10ffff}'.repeat(257)
