import type { Authentication, Clock } from '@kube-authn/core'
import { untilExpiry } from '@kube-authn/core/connections'
import { defined } from '@kube-authn/core/internal'

/** Calls a listener once the server closes, at once if it does already. @returns a function that forgets the listener. */
export type WhenClosing = (listener: () => void) => () => void

/** One listener of the signal, which warns of more than ten, and takes 60 µs to forget one of 10,000 (Node.js 20.20.2). */
export function whenClosing(closing: AbortSignal | undefined): WhenClosing {
  const listeners = new Set<() => void>()
  closing?.addEventListener(
    'abort',
    () => {
      for (const listener of listeners) listener()
    },
    { once: true },
  )
  return (listener) => {
    if (closing?.aborted === true) {
      listener()
      return () => {}
    }
    listeners.add(listener)
    return () => void listeners.delete(listener)
  }
}

/** A signal that is aborted when a credential ends, or its connection is too old; `undefined` if it never is. @param onClosed calls its listener when the connection is closed. */
export type UntilEnd = (
  authentication: Authentication,
  onClosed: (listener: () => void) => void,
) => AbortSignal | undefined

/** @param maxConnectionSeconds `undefined`: no limit. */
export function endOf(maxConnectionSeconds: number | undefined, clock: Clock): UntilEnd {
  return (authentication, onClosed) => {
    const { expiresAtMs, revocation } = authentication
    if ((expiresAtMs ?? revocation ?? maxConnectionSeconds) === undefined) return undefined
    const closed = new AbortController()
    onClosed(() => closed.abort())
    return untilExpiry(authentication, {
      signal: closed.signal,
      clock,
      ...defined({ maxConnectionSeconds }),
    })
  }
}
