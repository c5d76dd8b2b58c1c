/** A header name as those servers read it that take `-` and `_` for the same. */
export function dashed(name: string): string {
  return name.includes('_') ? name.replaceAll('_', '-') : name
}
