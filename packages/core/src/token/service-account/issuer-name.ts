/**
 * Whether a string is a valid issuer: a URL if it contains a colon, otherwise any name (`--service-account-issuer`).
 *
 * Source: kubernetes `pkg/kubeapiserver/options/authentication.go`.
 */
export function isNameOrUrl(issuer: string): boolean {
  // The URL parser ignores white space, but the original string is compared.
  return !issuer.includes(':') || (URL.canParse(issuer) && !/\s/.test(issuer))
}
