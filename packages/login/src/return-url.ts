/** Longer ones are left out: another site chooses them too, and the browser keeps each in a cookie. */
const MAX_LENGTH = 512
/** A URL that needs more decoding than this is not one of an app. */
const MAX_DECODINGS = 3

/**
 * Where a person was before a login, as path, query and fragment of this origin. Everything that a browser, or a proxy that decodes paths, could take for
 * another origin is refused.
 *
 * @param value from the request, unchecked.
 * @param origin that of the app.
 * @returns `undefined` if it is not a URL of the app.
 */
export function safeReturnUrl(value: string | null | undefined, origin: string): string | undefined {
  if (typeof value !== 'string' || value.length > MAX_LENGTH || !/^\/[!-~]*$/.test(value)) return undefined
  if (!value.startsWith('/') || !URL.canParse(value, origin)) return undefined
  const url = new URL(value, origin)
  if (url.origin !== origin || url.username !== '' || url.password !== '') return undefined
  if (!isPlainPath(value) || !isPlainPath(url.pathname)) return undefined
  // Written as such, some characters become three, and the others take one byte each in JSON.
  const written = `${url.pathname}${url.search}${url.hash}`.replaceAll('\\', '%5C')
  return written.length > MAX_LENGTH ? undefined : written
}

/** Whether a path stays a path of the same origin, however often it is decoded. */
function isPlainPath(path: string): boolean {
  let decoded = path.split(/[?#]/, 1)[0] ?? ''
  for (let round = 0; round <= MAX_DECODINGS; round++) {
    // oxlint-disable-next-line no-control-regex -- these are what it refuses
    if (/^\/{2}|[\\\u0000-\u001f\u007f]/.test(decoded)) return false
    const next = decodedOnce(decoded)
    if (next === decoded) return true
    if (next === undefined) return false
    decoded = next
  }
  return false
}

function decodedOnce(path: string): string | undefined {
  try {
    return decodeURIComponent(path)
  } catch {
    return undefined
  }
}
