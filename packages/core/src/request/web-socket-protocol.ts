import { bytesFromLatin1 } from '@kube-authn/internal/byte-text'
import type { Authenticator, HeaderChanges, TokenAuthenticator } from '../authenticator/authenticator.ts'
import {
  MAX_TOKEN_LENGTH,
  orRefuse,
  type TokenExtractionOptions,
  tokenExtractionShape,
  trimAscii,
  unknownToken,
} from './bearer-token.ts'
import { askToken, attempt } from '../authenticator/consult.ts'
import { rejected } from '../authenticator/errors.ts'
import { andThen } from '../internal/awaitable.ts'
import { aTokenAuthenticator, optionProblems, refuseProblems } from '../internal/options/index.ts'
import type { AuthenticationRequest, RequestHeaders } from './request.ts'

const HEADER = 'sec-websocket-protocol'
const PREFIX = 'base64url.bearer.authorization.k8s.io.'

/**
 * Passes a token in a WebSocket subprotocol, for browsers, which cannot set other headers there, to a token authenticator. The
 * subprotocol is `base64url.bearer.authorization.k8s.io.TOKEN`, with the token in base64url without padding, and there must be at least
 * one other subprotocol. After success an application sees only the others, as one header.
 *
 * Source: apiserver `pkg/authentication/request/websocket`.
 *
 * @throws {ConfigurationError} if `tokens` is not a token authenticator, or an option is invalid.
 * @example
 * const authenticator = union(bearerToken(tokens), webSocketProtocol(tokens))
 */
export function webSocketProtocol(
  tokens: TokenAuthenticator,
  options: TokenExtractionOptions = {},
): Authenticator {
  refuseProblems(aTokenAuthenticator(tokens, 'tokens'), optionProblems(tokenExtractionShape, options))
  const maxTokenLength = options.maxTokenLength ?? MAX_TOKEN_LENGTH
  return {
    name: 'webSocketProtocol',
    credentials: { schemes: ['Bearer'] },
    authenticate(request, context) {
      if (!isWebSocketUpgrade(request)) return undefined
      const { token, others } = readProtocols(request.headers)
      if (token === '') return undefined
      if (token.length > maxTokenLength)
        throw rejected(`bearer token is longer than ${maxTokenLength} characters`)
      const consumed: HeaderChanges = { remove: [], replace: [[HEADER, others.join(',')]] }
      return andThen(attempt(askToken, tokens, token, context), orRefuse(unknownToken, consumed))
    },
  }
}

/** The token in a subprotocol of an upgrade; `''` if there is none, or none that {@link webSocketProtocol} would accept. */
export function readWebSocketToken(request: AuthenticationRequest): string {
  try {
    return isWebSocketUpgrade(request) ? readProtocols(request.headers).token : ''
  } catch {
    return ''
  }
}

function isWebSocketUpgrade({ headers }: AuthenticationRequest): boolean {
  if (headers.first('upgrade')?.toLowerCase() !== 'websocket') return false
  return headers.all('connection').some((value) => value.toLowerCase().includes('upgrade'))
}

function readProtocols(headers: RequestHeaders): {
  readonly token: string
  readonly others: readonly string[]
} {
  let encoded: string | undefined
  const others: string[] = []
  for (const element of headers.all(HEADER).flatMap((value) => value.split(','))) {
    const protocol = trimAscii(element)
    if (!protocol.startsWith(PREFIX)) {
      others.push(protocol)
      continue
    }
    if (encoded !== undefined) throw rejected('multiple base64.bearer.authorization tokens specified')
    encoded = protocol.slice(PREFIX.length)
  }
  const token = encoded === undefined ? '' : decodeToken(encoded)
  if (token !== '' && others.length === 0) throw rejected('missing additional subprotocol')
  return { token, others }
}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function decodeToken(encoded: string): string {
  if (!/^[A-Za-z0-9_-]*$/.test(encoded) || encoded.length % 4 === 1) {
    throw rejected('invalid base64.bearer.authorization token encoding')
  }
  const binary = atob(encoded.replaceAll('-', '+').replaceAll('_', '/'))
  try {
    return strictUtf8.decode(bytesFromLatin1(binary))
  } catch {
    throw rejected('invalid base64.bearer.authorization token')
  }
}
