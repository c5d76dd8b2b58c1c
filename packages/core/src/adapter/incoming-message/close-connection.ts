/**
 * Closes the HTTP/2 connection of a request after the requests in progress on it. Does nothing for HTTP/1.
 *
 * Source: RFC 9113 section 6.8 (GOAWAY); kube-apiserver's `UnauthenticatedHTTP2DOSMitigation`.
 */
export function closeConnection(message: object): void {
  const session = (message as { readonly stream?: { readonly session?: { close?(): void } } }).stream?.session
  session?.close?.()
}
