import type { ClientRequest } from 'node:http'
import type { Clock } from '@kube-authn/core'
import { UpstreamTimeoutError } from '../failures.ts'

/** Ends a request that is sent, and whose response does not begin in time. @returns a function that ends the wait. */
export function limitWaiting(request: ClientRequest, seconds: number, clock: Clock): () => void {
  let cancel: (() => void) | undefined
  let isOver = false
  request.on('finish', () => {
    if (isOver) return
    cancel = clock.after(seconds * 1000, () =>
      request.destroy(new UpstreamTimeoutError(`no response within ${seconds} seconds`)),
    )
  })
  return () => {
    isOver = true
    cancel?.()
  }
}
