import type { UserInfo } from '../authenticator/user.ts'
import { type IdentityHeader, identityHeaders } from '../request/headers/identity-headers.ts'

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
export function impersonationHeaders(user: UserInfo): readonly IdentityHeader[] {
  return identityHeaders('Impersonate-', user)
}
