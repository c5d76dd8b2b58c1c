const TOKEN = "[\\w!#$%&'*+.^`|~-]+"
const QUOTED = '"(?:[^"\\\\\\r\\n]|\\\\.)*"'
const CONTENT_TYPE = new RegExp(
  `^\\s*${TOKEN}(?:/${TOKEN})?\\s*(?:;\\s*${TOKEN}\\s*=\\s*(?:${TOKEN}|${QUOTED})\\s*)*(?:;\\s*)?$`,
)

/**
 * Whether a `Content-Type` can be parsed; an absent one (`''`) is accepted. The media type itself is ignored.
 *
 * Source: Go `mime` ParseMediaType, which client-go calls on every response.
 */
export function isReadableContentType(contentType: string): boolean {
  return contentType === '' || CONTENT_TYPE.test(contentType)
}
