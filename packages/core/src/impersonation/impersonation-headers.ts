import { bytesFromText, latin1FromBytes, textFromLatin1 } from '@kube-authn/internal/byte-text'
import type { UserInfo } from '../authenticator/user.ts'
import { encodeExtraKey } from './extra-key.ts'

/**
 * The headers that make a Kubernetes API impersonate this user. Each group and each value of an extra field is a separate header, and must
 * be sent separately; values have one character per byte, as `node:http` and `Headers` require.
 *
 * `fetch` joins headers of the same name, which turns two groups into one. For a user with several groups use a client that sends
 * repeated headers, such as `node:http` or undici's `request`.
 *
 * An extra field without values cannot be sent and is omitted.
 *
 * Source: client-go `transport/round_trippers.go`.
 *
 * @throws {TypeError} when the user name is empty, since the request would not be impersonated at all, or when a header would change a
 *   value.
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
  if (/^[ \t]|[ \t]$/.test(text)) throw new TypeError('a header cannot carry leading or trailing white space')
  const value = latin1FromBytes(bytesFromText(text))
  if (textFromLatin1(value) !== text) throw new TypeError('a header cannot carry an unpaired surrogate')
  return value
}
