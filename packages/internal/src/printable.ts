/**
 * A string from a certificate, for an error message: control characters are escaped, so that it cannot forge log lines, and long strings
 * are truncated.
 */
export function printable(text: string): string {
  const shown = text.length > 128 ? `${text.slice(0, 128)}...` : text
  return shown.replace(
    /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu,
    (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
  )
}
