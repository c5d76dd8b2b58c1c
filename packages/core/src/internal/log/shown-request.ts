import { withoutSecrets } from '../shown-text.ts'
import { cut } from './shown-values.ts'

const MAX_PATH = 200

/** A path or method of a request: all but printable ASCII is percent-encoded, so that nothing in it can look like another line. */
export function shownPath(path: string, secrets: readonly string[]): string {
  return encoded(withoutSecrets(cut(path, MAX_PATH), secrets))
}

/** An address, which may be text from the client; `undefined` if it cannot be one. */
export function shownAddress(address: string | undefined): string | undefined {
  if (address === undefined || !/^[\w.:%-]{1,64}$/.test(address)) return undefined
  // Node writes IPv4 clients of a server for both versions like this.
  return address.replace(/^::ffff:(?=\d{1,3}\.)/i, '')
}

function encoded(text: string): string {
  return text.replaceAll(/[^\x21-\x7e]/gu, (character) => encodeURIComponent(character))
}
