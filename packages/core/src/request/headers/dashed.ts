/** A header name as seen by servers that do not distinguish `-` and `_`. */
export function dashed(name: string): string {
  return name.includes('_') ? name.replaceAll('_', '-') : name
}
