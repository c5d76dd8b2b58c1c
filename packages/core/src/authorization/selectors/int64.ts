const MAX = 2n ** 63n - 1n
const MIN = -(2n ** 63n)

/** Whether Go's `strconv.ParseInt(text, 10, 64)` accepts the string. */
export function isInt64(text: string): boolean {
  if (text.length > 4096 || !/^[+-]?[0-9]+$/.test(text)) return false
  const value = BigInt(text)
  return value >= MIN && value <= MAX
}
