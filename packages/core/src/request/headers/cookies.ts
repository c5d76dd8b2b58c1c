/**
 * The value of a `Cookie` header without the cookies of these names: `''` if none is left, and the same value if it has none of them. The other cookies
 * keep their bytes and their order.
 *
 * Source: RFC 6265 sections 4.2.1 and 5.4.
 */
export function withoutCookies(value: string, names: readonly string[]): string {
  if (!names.some((name) => value.includes(name))) return value
  const pairs = value.split(';')
  const kept = pairs.filter((pair) => !names.includes((pair.split('=', 1)[0] ?? '').trim()))
  return kept.length === pairs.length ? value : kept.join(';').trim()
}
