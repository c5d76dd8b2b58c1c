/** Headers that tell a server who the client is, or that servers take for it: credentials, and what proxies add about a user. */
const NAMES: ReadonlySet<string> = new Set([
  'authorization',
  'client-cert',
  'client-cert-chain',
  'cookie',
  'cookie2',
  'dpop',
  'forwarded',
  'proxy-authorization',
  'true-client-ip',
  'x-access-token',
  'x-api-key',
  'x-auth-token',
  'x-client-dn',
  'x-real-ip',
  'x-ssl-cert',
  'x-subject-token',
  'x-user',
  'x-username',
])

const PREFIXES: readonly string[] = [
  'cf-access-',
  'impersonate-',
  'remote-',
  'ssl-client-',
  'tailscale-user-',
  'x-amzn-mtls-',
  'x-amzn-oidc-',
  'x-auth-request-',
  'x-authentik-',
  'x-client-cert',
  'x-forwarded-',
  'x-goog-authenticated-user-',
  'x-goog-iap-',
  'x-ms-client-principal',
  'x-ms-token-',
  'x-remote-',
  'x-ssl-client-',
  'x-token-',
  'x-webauth-',
]

/**
 * Whether a header identifies the client, given its name in lower case. A name with `_` counts as one with `-`, since some servers make no difference.
 *
 * @param further names in any case, or prefixes with `*` at their end.
 */
export function identifies(further: readonly string[] = []): (name: string) => boolean {
  const own = further.map((each) => dashed(each.toLowerCase()))
  const names = new Set([...NAMES, ...own.filter((each) => !each.endsWith('*'))])
  const prefixes = [...PREFIXES, ...own.filter((each) => each.endsWith('*')).map((each) => each.slice(0, -1))]
  return (name) => {
    const plain = dashed(name)
    return names.has(plain) || prefixes.some((prefix) => plain.startsWith(prefix))
  }
}

/** Whether a name in lower case is that of a header for impersonation. */
export function isImpersonation(name: string): boolean {
  return dashed(name).startsWith('impersonate-')
}

function dashed(name: string): string {
  return name.includes('_') ? name.replaceAll('_', '-') : name
}
