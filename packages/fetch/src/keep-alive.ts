/**
 * On Workers, work that a request started is cancelled when its client disconnects, even if other requests wait for it, such as the keys of an
 * issuer. This keeps the work running until it is done; Cloudflare allows half a minute.
 *
 * Source: Cloudflare Workers, "Context (ctx)", `waitUntil`.
 *
 * @param rest the arguments after the request, one of which is the context of Workers.
 */
export function keepAlive(rest: readonly unknown[], work: Promise<unknown>): void {
  if ('WebSocketPair' in globalThis) rest.find(isExecutionContext)?.waitUntil(work)
}

interface ExecutionContext {
  waitUntil(work: Promise<unknown>): void
}

function isExecutionContext(value: unknown): value is ExecutionContext {
  return (
    typeof value === 'object' &&
    value !== null &&
    'waitUntil' in value &&
    typeof value.waitUntil === 'function'
  )
}
