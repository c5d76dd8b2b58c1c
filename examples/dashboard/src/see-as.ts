import type { IncomingMessage, ServerResponse } from 'node:http'
import { userInfo } from '@kube-authn/core'
import { impersonationHeaders } from '@kube-authn/core/authorization'
import { z } from 'zod'

const NAME = 'x-see-as'

const schema = z.strictObject({ username: z.string().min(1), groups: z.array(z.string().min(1)) })

/**
 * Turns the header `X-See-As` of a script into `Impersonate-*` headers, which `impersonation` decides about: a script can send a header only once, and a user may
 * have several groups. Its value is JSON, percent-encoded. This grants nothing that a client could not ask for itself.
 *
 * It comes first, so that everything after it sees the same headers.
 */
export function seeAs(req: IncomingMessage, res: ServerResponse, next: () => void): void {
  const { rawHeaders } = req
  const at = rawHeaders.findIndex((name, index) => index % 2 === 0 && name.toLowerCase() === NAME)
  if (at === -1) {
    next()
    return
  }
  const [, value = ''] = rawHeaders.splice(at, 2)
  const isRepeated = rawHeaders.some((name, index) => index % 2 === 0 && name.toLowerCase() === NAME)
  const headers = isRepeated ? undefined : headersFor(value)
  if (headers === undefined) {
    res.writeHead(400, { 'content-type': 'text/plain' }).end('X-See-As is not a user.\n')
    return
  }
  // Both forms, as Node makes them: repeated headers are joined in the second one.
  rawHeaders.push(...headers.flat())
  for (const [name, text] of headers) {
    const key = name.toLowerCase()
    const before = req.headers[key]
    req.headers[key] = before === undefined ? text : `${String(before)}, ${text}`
  }
  delete req.headers[NAME]
  next()
}

/** `undefined` if the value is not a user that headers can carry. */
function headersFor(value: string): ReturnType<typeof impersonationHeaders> | undefined {
  try {
    return impersonationHeaders(userInfo(schema.parse(JSON.parse(decodeURIComponent(value)))))
  } catch {
    return undefined
  }
}
