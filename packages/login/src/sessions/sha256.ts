import { hexOf } from '@kube-authn/internal/bytes'

const utf8 = new TextEncoder()

/** The SHA-256 digest of a string in UTF-8, in hexadecimal. */
export async function sha256Hex(text: string): Promise<string> {
  return hexOf(new Uint8Array(await crypto.subtle.digest('SHA-256', utf8.encode(text))))
}
