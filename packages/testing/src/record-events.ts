import type { AuthenticationEvent, Observer } from '@kube-authn/core'

/** Events that were kept. */
export interface RecordedEvents {
  /** Give this to whatever takes an observer. */
  readonly observer: Observer
  /** All of them, in order. */
  readonly events: readonly AuthenticationEvent[]
  /** Those of one type, in order. */
  ofType<T extends AuthenticationEvent['type']>(
    type: T,
  ): readonly Extract<AuthenticationEvent, { readonly type: T }>[]
  /** Forgets them. */
  clear(): void
}

/**
 * Keeps events, so that a test can look at them.
 *
 * @example
 * const { observer, ofType } = recordEvents()
 * await authenticateRequest(authenticator, { observer })(fakeRequest())
 * ofType('request')[0]?.result // 'success'
 */
export function recordEvents(): RecordedEvents {
  const events: AuthenticationEvent[] = []
  return {
    observer: (event) => void events.push(event),
    events,
    ofType<T extends AuthenticationEvent['type']>(type: T) {
      return events.filter(
        (event): event is Extract<AuthenticationEvent, { readonly type: T }> => event.type === type,
      )
    },
    clear() {
      events.length = 0
    },
  }
}
