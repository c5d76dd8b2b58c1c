/**
 * Whether an issuer can be called this: a name, or a URL if there is a colon in it (`--service-account-issuer`).
 *
 * Source: kubernetes `pkg/kubeapiserver/options/authentication.go`.
 */
export function isNameOrUrl(issuer: string): boolean {
  // The parser forgives white space, which the text that is compared would still have.
  return !issuer.includes(':') || (URL.canParse(issuer) && !/\s/.test(issuer))
}
