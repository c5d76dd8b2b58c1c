/** What a sticky pattern matches from this position on. */
export function matchAt(sticky: RegExp, text: string, position: number): string | undefined {
  sticky.lastIndex = position
  return sticky.exec(text)?.[0]
}
