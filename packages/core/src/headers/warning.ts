/**
 * The value of a `Warning` header for a text (RFC 7234 section 5.5): code 299, no agent, and the text quoted.
 *
 * Source: apimachinery `pkg/util/net` `NewWarningHeader`.
 */
export function warningHeader(text: string): string {
  const printable = text.replaceAll(/[^\x20-\x7e]/g, ' ')
  return `299 - "${printable.replaceAll(/["\\]/g, String.raw`\$&`)}"`
}
