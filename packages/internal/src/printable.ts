/**
 * A string from outside, for an error message: control characters are escaped, so that it cannot forge log lines, and long strings
 * are truncated.
 */
export function printable(text: string): string {
  return withoutControls(text.length > 128 ? `${text.slice(0, 128)}...` : text)
}

/** Escapes characters that control a terminal, end a line, or change the direction of text: a file name or a value of a file must not forge output. */
export function withoutControls(text: string): string {
  return text.replace(controls, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`)
}

const controls = /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu
