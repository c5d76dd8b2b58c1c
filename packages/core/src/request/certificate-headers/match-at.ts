/** What a sticky pattern matches at this position. */
export function matchAt(sticky: RegExp, text: string, position: number): string | undefined {
  sticky.lastIndex = position
  return sticky.exec(text)?.[0]
}
