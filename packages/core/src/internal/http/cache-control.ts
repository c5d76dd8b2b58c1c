/**
 * How long a response with this `Cache-Control` is fresh, in seconds; `undefined` if the header does not say.
 *
 * Source: RFC 9111 section 5.2.2.
 */
export function maxAgeSeconds(cacheControl: string | undefined): number | undefined {
  if (cacheControl === undefined) return undefined
  const directives = cacheControl.split(',').map((directive) => directive.trim().toLowerCase())
  if (directives.includes('no-store') || directives.includes('no-cache')) return 0
  for (const directive of directives) {
    const [, seconds] = /^max-age="?(\d{1,10})"?$/.exec(directive) ?? []
    if (seconds !== undefined) return Number(seconds)
  }
  return undefined
}
