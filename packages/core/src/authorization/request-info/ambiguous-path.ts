/**
 * Whether a router may see a different path than the one that was authorized. Routers match the encoded or the decoded path, some ignore
 * letter case, and some resolve `..` first. A path that they could read differently is ambiguous.
 *
 * A path must begin with a slash, or be `*`. It must not contain a fragment, white space, an unencoded backslash (which some routers take
 * for a slash), or a segment `.` or `..`, delimited by slashes or backslashes, also with parameters after a semicolon, which servlet containers
 * ignore: to them, `/a/..;b/c` is `/c`. Below `/api` and `/apis`, where every segment has a meaning,
 * it must not contain an empty segment or an encoded slash or backslash, and the prefix must be in lower case.
 *
 * @param path as sent.
 * @param decoded the same path, percent-decoded.
 */
export function isAmbiguousPath(path: string, decoded: string): boolean {
  if ((!path.startsWith('/') && path !== '*') || /[\\#\s]/.test(path)) return true
  if (/(?:^|[/\\])\.{1,2}(?:[/\\;]|$)/.test(decoded)) return true
  const prefix = /^\/*(apis?)(?:\/|$)/i.exec(decoded)?.[1]
  if (prefix === undefined) return false
  return prefix !== prefix.toLowerCase() || decoded.includes('\\') || /\/\/|%2f/i.test(path)
}
