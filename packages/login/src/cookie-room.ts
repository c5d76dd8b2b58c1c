/**
 * How much of a `Cookie` header the cookies of a login take, in bytes. Node refuses a head of more than 16 KiB, and nginx a line of more than 8 KiB: a browser that has more is
 * locked out until they end. Another site may begin logins, but never so many that this happens.
 */

/** All attempts to log in together: four with short URLs to return to, one with the longest and one of 300 characters. */
export const ATTEMPTS_BYTES = 2048

/** A session in two cookies. With the attempts, and the name of the header, it stays below 8 KiB. */
export const SESSION_BYTES = 6100

/** What a cookie takes in a `Cookie` header, with the `; ` before the next one. */
export function bytesInHeader(name: string, value: string): number {
  return `${name}=${value}; `.length
}
