const TOKEN_PREFIX = 'base64url.bearer.authorization.k8s.io.'

/**
 * The WebSocket subprotocols of a header without the one that is a bearer token; `undefined` if there are no others.
 *
 * Source: apiserver `pkg/authentication/request/websocket/protocol.go`.
 */
export function withoutToken(value: string): string | undefined {
  if (!value.toLowerCase().includes(TOKEN_PREFIX)) return value
  const others = value
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '' && !each.toLowerCase().startsWith(TOKEN_PREFIX))
  return others.length === 0 ? undefined : others.join(', ')
}
