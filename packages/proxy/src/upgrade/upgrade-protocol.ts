import type { IncomingMessage } from 'node:http'
import type { StatusError } from '@kube-authn/core/adapter'
import { bodyOf, hasContent } from '../body.ts'
import { badRequest } from '../failures.ts'
import { isStatusError } from '@kube-authn/core/internal'

/** The protocols of kubectl and browsers, which carry no requests that a server would answer. */
const PROTOCOLS: ReadonlySet<string> = new Set(['websocket', 'spdy/3.1'])
const METHODS: ReadonlySet<string> = new Set(['GET', 'POST'])

/**
 * The protocol that a request asks to switch to, as the client spells it.
 *
 * Others are refused: a server may answer to `h2c`, for example, with HTTP/2, over which a client could send requests of its own as the proxy. So is a request with
 * content, since what follows it must not be read as another request.
 *
 * @returns the refusal of what is not forwarded.
 */
export function upgradeProtocol(message: IncomingMessage): string | StatusError {
  const { rawHeaders, method = '' } = message
  const values = rawHeaders.filter(
    (_, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === 'upgrade',
  )
  const [protocol = ''] = values
  if (values.length !== 1 || !PROTOCOLS.has(protocol.toLowerCase())) {
    return badRequest('only upgrades to websocket and SPDY/3.1 are forwarded')
  }
  if (!METHODS.has(method)) return badRequest('an upgrade must be a GET or a POST')
  const body = bodyOf(message)
  if (isStatusError(body)) return body
  return hasContent(body) ? badRequest('an upgrade must not have content') : protocol
}
