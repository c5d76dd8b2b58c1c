import { bytesFromText, latin1FromBytes, textFromLatin1 } from '@kube-authn/internal/byte-text'
import type { UserInfo } from '../../authenticator/user.ts'
import { encodeExtraKey } from './extra-key.ts'

/** A header, whose value has one character per byte. */
export type IdentityHeader = readonly [name: string, value: string]

/**
 * The headers that name a user: `User`, `Uid`, a `Group` for each group, and an `Extra-KEY` for each value of an extra field, all after the prefix.
 *
 * Source: client-go `transport/round_trippers.go`.
 *
 * @throws {TypeError} when the user name is empty, which would name no user, or when a header would change a value.
 */
export function identityHeaders(prefix: string, user: UserInfo): readonly IdentityHeader[] {
  if (user.username === '') throw new TypeError('a user without a name cannot be named in a header')
  const headers: IdentityHeader[] = [[`${prefix}User`, headerValue(user.username)]]
  if (user.uid !== '') headers.push([`${prefix}Uid`, headerValue(user.uid)])
  for (const group of user.groups) headers.push([`${prefix}Group`, headerValue(group)])
  for (const [key, values] of Object.entries(user.extra)) {
    const name = `${prefix}Extra-${encodeExtraKey(key)}`
    for (const value of values) headers.push([name, headerValue(value)])
  }
  return headers
}

function headerValue(text: string): string {
  if (/[^\P{Cc}\t]/u.test(text)) throw new TypeError('a header cannot carry control characters')
  if (/^[ \t]|[ \t]$/.test(text)) throw new TypeError('a header cannot carry leading or trailing white space')
  const value = latin1FromBytes(bytesFromText(text))
  if (textFromLatin1(value) !== text) throw new TypeError('a header cannot carry an unpaired surrogate')
  return value
}
