/** The same string, in memory of its own: engines keep a part of a string as a reference to all of it. */
export function compact(text: string): string {
  return ['', text].join('')
}
