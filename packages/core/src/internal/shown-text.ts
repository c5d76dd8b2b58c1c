/** The maximum length of third-party text in a log. */
const MAX_LENGTH = 512
/** The length from which a part of a secret is redacted. */
const PIECE = 8
const HIDDEN = '[hidden]'
const unprintable = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\s]+/gu

/** Sanitises third-party text for a log: one line of limited length, without any part of a secret of eight characters or more. A shorter secret is redacted where it is a whole word. */
export function shownText(text: string, secrets: readonly string[]): string {
  const start = text.slice(0, 2 * MAX_LENGTH).toWellFormed()
  const line = start.replaceAll(unprintable, ' ').trim()
  const struck = secrets.reduce(withoutSecret, line.slice(0, MAX_LENGTH))
  return line.length > MAX_LENGTH ? `${struck.toWellFormed()}...` : struck
}

/** A text of any length without secrets, redacted as in {@link shownText}. */
export function withoutSecrets(text: string, secrets: readonly string[]): string {
  return secrets.reduce(withoutSecret, text)
}

function withoutSecret(text: string, secret: string): string {
  if (secret.length >= PIECE) return withoutPieces(text, secret)
  return text.replaceAll(WORD, (word) => (word === secret ? HIDDEN : word))
}

/** RFC 6750 section 2.1 b64token, and further characters of tokens. */
const WORD = /[\w.~+/=:@-]+/g

function withoutPieces(text: string, secret: string): string {
  let result = ''
  let kept = 0
  for (let index = 0; index + PIECE <= text.length; index++) {
    if (!secret.includes(text.slice(index, index + PIECE))) continue
    let end = index + PIECE
    while (end < text.length && secret.includes(text.slice(end + 1 - PIECE, end + 1))) end++
    result += text.slice(kept, index) + HIDDEN
    kept = end
    index = end - 1
  }
  return result + text.slice(kept)
}
