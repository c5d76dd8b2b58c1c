/** A URL of this server as its clients have it, in parts that are compared. */
export interface ClientUrl {
  readonly origin: string
  /** With percent-encoding in one form; without query and fragment. */
  readonly path: string
}

/**
 * The parts of an `htu`, or of a base URL; `undefined` if it is not an absolute http or https URL in ASCII.
 *
 * Scheme and host are in small letters and the port is left out if it is that of the scheme. Percent-encoded characters that need not be are decoded, and the others have capital
 * letters. Dot segments stay: what a router makes of them is not known, and clients that remove them do so in the request too.
 *
 * Source: RFC 9449 section 4.3 (check 9), RFC 3986 sections 6.2.2 and 6.2.3.
 */
export function clientUrl(url: string): ClientUrl | undefined {
  const [, origin, path = ''] = WHOLE.exec(url) ?? []
  if (origin === undefined || !URL.canParse(origin)) return undefined
  return { origin: new URL(origin).origin, path: path === '' ? '/' : normalPath(path) }
}

/** No user information, white space, backslash or control character. */
const WHOLE = /^(https?:\/\/[\w.~:[\]-]+)(|\/[!"$->@-[\]-~]*)(?:\?[!"$-[\]-~]*)?(?:#[!"-[\]-~]*)?$/i

/** A path with percent-encoding in one form. */
export function normalPath(path: string): string {
  return path.replace(/%([0-9a-f]{2})/gi, (escape, hex: string) => {
    const character = String.fromCharCode(Number.parseInt(hex, 16))
    return /[\w.~-]/.test(character) ? character : escape.toUpperCase()
  })
}
