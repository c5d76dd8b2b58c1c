import { type IncomingMessage, validateHeaderName, validateHeaderValue } from 'node:http'
import { responseHeaders } from '../headers/response-headers.ts'

/**
 * The head of the response that switches protocols; `undefined` if the upstream switched to another one, or its headers cannot be passed on.
 *
 * @param auditId that of the request.
 */
export function switchedHead(
  { statusCode, rawHeaders, headers }: IncomingMessage,
  protocol: string,
  auditId: string,
): string | undefined {
  if (statusCode !== 101 || headers.upgrade?.toLowerCase() !== protocol.toLowerCase()) return undefined
  const lines = ['HTTP/1.1 101 Switching Protocols', 'Connection: Upgrade', `Upgrade: ${headers.upgrade}`]
  try {
    const kept = responseHeaders(rawHeaders)
    for (let index = 0; index + 1 < kept.length; index += 2) {
      const [name = '', value = ''] = kept.slice(index, index + 2)
      validateHeaderName(name)
      validateHeaderValue(name, value)
      lines.push(`${name}: ${value}`)
    }
  } catch {
    return undefined
  }
  return `${[...lines, `Audit-ID: ${auditId}`].join('\r\n')}\r\n\r\n`
}
