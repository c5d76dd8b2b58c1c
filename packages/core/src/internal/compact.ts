/** A copy of the string: engines store a slice of a string as a reference to the whole string. */
export function compact(text: string): string {
  return ['', text].join('')
}
