/**
 * Whether a router may see another path than the one that was authorized. Routers match the path encoded or decoded, in any letter
 * case, and some resolve `..` first; what they could disagree on is refused before anybody has to.
 *
 * A path begins with a slash, or is `*`. It has no fragment or blank, and no backslash that is not encoded, since some take that for a
 * slash, and nowhere is a segment `.` or `..`, with slash or backslash. Under `/api` and `/apis`, which are written so, no segment is empty or has an encoded
 * slash or backslash either, since there every segment has a meaning of its own.
 *
 * @param path as sent.
 * @param decoded the same path decoded.
 */
export function isAmbiguousPath(path: string, decoded: string): boolean {
  if ((!path.startsWith('/') && path !== '*') || /[\\#\s]/.test(path)) return true
  if (/(?:^|[/\\])\.{1,2}(?:[/\\]|$)/.test(decoded)) return true
  const prefix = /^\/*(apis?)(?:\/|$)/i.exec(decoded)?.[1]
  if (prefix === undefined) return false
  return prefix !== prefix.toLowerCase() || decoded.includes('\\') || /\/\/|%2f/i.test(path)
}
