import { bytesFromText, latin1FromBytes, textFromLatin1 } from '../internal/byte-text.ts'
import type { UserInfo } from '../authenticator/user.ts'
import { encodeExtraKey } from './extra-key.ts'

/**
 * The headers that make a Kubernetes API act as this user: the reverse of reading them. Each group and each value of an extra
 * field is a header of its own, and must be sent so; values are one character per byte, as `node:http` and `Headers` want them.
 *
 * `fetch` joins headers of the same name, which makes two groups one. For a user with several groups use a client that sends
 * repeated headers, such as `node:http` or undici's `request`.
 *
 * An extra field without values cannot be sent and is left out.
 *
 * Source: client-go `transport/round_trippers.go`.
 *
 * @throws {TypeError} when a header cannot carry the user: no name, which would be the requester in person, or a value that
 * would arrive as another.
 * @example
 * const upstream = https.request(url, { headers: impersonationHeaders(user).flat() })
 */
export function impersonationHeaders(user: UserInfo): readonly (readonly [name: string, value: string])[] {
  if (user.username === '') throw new TypeError('a user without a name cannot be impersonated')
  return [
    ['Impersonate-User', headerValue(user.username)],
    ...(user.uid === '' ? [] : [['Impersonate-Uid', headerValue(user.uid)] as const]),
    ...user.groups.map((group) => ['Impersonate-Group', headerValue(group)] as const),
    ...Object.entries(user.extra).flatMap(([key, values]) =>
      values.map((value) => [`Impersonate-Extra-${encodeExtraKey(key)}`, headerValue(value)] as const),
    ),
  ]
}

function headerValue(text: string): string {
  if (/(?!\t)\p{Cc}/u.test(text)) throw new TypeError('a header cannot carry control characters')
  if (/^[ \t]|[ \t]$/.test(text)) throw new TypeError('a header cannot carry white space at its ends')
  const value = latin1FromBytes(bytesFromText(text))
  if (textFromLatin1(value) !== text) throw new TypeError('a header cannot carry half a character')
  return value
}
