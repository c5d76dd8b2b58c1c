/** The number of code points, up to a UTF-16 index. */
export function characterCountTo(text: string, end: number): number {
  let count = end
  for (let at = 0; at < end - 1; at++) {
    const unit = text.charCodeAt(at)
    if (unit < 0xd800 || unit > 0xdbff) continue
    const next = text.charCodeAt(at + 1)
    if (next >= 0xdc00 && next <= 0xdfff) {
      count--
      at++
    }
  }
  return count
}

/** The number of code points. */
export function characterCount(text: string): number {
  return text.length < LONG
    ? characterCountTo(text, text.length)
    : kept(characters, text, () => characterCountTo(text, text.length))
}

/** The length in UTF-8. */
export function byteCount(text: string): number {
  return text.length < LONG ? byteCountOf(text) : kept(bytes, text, () => byteCountOf(text))
}

function byteCountOf(text: string): number {
  let count = 0
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at)
    // Each half of a pair counts two.
    count += unit < 0x80 ? 1 : unit < 0x800 || (unit >= 0xd800 && unit <= 0xdfff) ? 2 : 3
  }
  return count
}

// An expression may ask for the size of the same long strings at every step. All strings longer than a few hundredths of the claims fit in.
const LONG = 64
const MAX_KEPT = 256
const characters = new Map<string, number>()
const bytes = new Map<string, number>()

function kept(sizes: Map<string, number>, text: string, count: () => number): number {
  const known = sizes.get(text)
  if (known !== undefined) return known
  if (sizes.size >= MAX_KEPT) sizes.clear()
  const size = count()
  sizes.set(text, size)
  return size
}

/** To be called after each evaluation, so that no string is kept. */
export function forgetSizes(): void {
  if (characters.size > 0) characters.clear()
  if (bytes.size > 0) bytes.clear()
}
