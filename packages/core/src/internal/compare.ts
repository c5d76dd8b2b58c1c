/** Compares strings by their UTF-16 code units, in every locale: the order of Go for all but a few characters above U+FFFF. */
export function byCodeUnits(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
