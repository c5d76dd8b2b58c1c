import type { ServerResponse } from 'node:http'
import { AUDIT_ID_HEADER } from '@kube-authn/core/internal'
import type { Awaitable } from '@kube-authn/core'

const KEPT = ['Warning', AUDIT_ID_HEADER]

/** Koa removes all headers before it responds to an error, so these are restored when headers are sent. */
export async function keepingHeaders(res: ServerResponse, next: () => Awaitable<unknown>): Promise<void> {
  const kept = KEPT.flatMap((name) => {
    const value = res.getHeader(name)
    return value === undefined ? [] : [[name, value] as const]
  })
  if (kept.length === 0) {
    await next()
    return
  }
  try {
    await next()
  } catch (error) {
    const writeHead = res.writeHead.bind(res)
    Object.assign(res, {
      writeHead(...given: unknown[]): unknown {
        if (!res.headersSent) for (const [name, value] of kept) res.setHeader(name, value)
        return Reflect.apply(writeHead, undefined, given)
      },
    })
    throw error
  }
}
