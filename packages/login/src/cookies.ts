import { cookiePairs } from './cookie-pairs.ts'

/** How cookies of a login are set. */
export interface CookieRules {
  /** The prefix of their names: `__Host-`, or none for `http://localhost`, where browsers differ in what they accept as secure. */
  readonly prefix: string
  readonly isSecure: boolean
}

/** Without `https` a cookie cannot be protected, which only `localhost` needs not. */
export function cookieRules(publicUrl: string): CookieRules {
  const isSecure = new URL(publicUrl).protocol === 'https:'
  return { prefix: isSecure ? '__Host-' : '', isSecure }
}

/**
 * The cookies of a request, in the order sent. Of two with the same name the first one counts, which is the one with the longer path.
 *
 * Source: RFC 6265 sections 4.2.1 and 5.4.
 */
export function readCookies(header: string): ReadonlyMap<string, string> {
  const cookies = new Map<string, string>()
  for (const [name, value] of cookiePairs(header)) if (!cookies.has(name)) cookies.set(name, value)
  return cookies
}

/**
 * A `Set-Cookie` line for a cookie that no script reads and no other site sends with a request of its own.
 *
 * Source: RFC 6265bis section 4.1.
 */
export function setCookie(
  name: string,
  value: string,
  maxAgeSeconds: number,
  { isSecure }: CookieRules,
): string {
  const secure = isSecure ? '; Secure' : ''
  return `${name}=${value}; Path=/; Max-Age=${maxAgeSeconds}; HttpOnly; SameSite=Lax${secure}`
}
