/**
 * Whether a router may see another path than the one that was authorized. Routers match the path encoded or decoded, and some
 * resolve `..` first; what they could disagree on is refused before anybody has to.
 *
 * Nowhere is a segment `.` or `..`, with slash or backslash. Under `/api` and `/apis` no segment is empty or has an encoded
 * slash or a backslash either, since there every segment has a meaning of its own.
 *
 * @param path as sent.
 * @param decoded the same path decoded.
 */
export function isAmbiguousPath(path: string, decoded: string): boolean {
  if (/(?:^|[/\\])\.{1,2}(?:[/\\]|$)/.test(decoded)) return true
  if (!/^\/*apis?(?:\/|$)/.test(decoded)) return false
  return decoded.includes('\\') || /\/\/|%2f/i.test(path)
}
