import type { AuthenticationEvent, Observer } from '@kube-authn/core'

/** Recorded events. */
export interface RecordedEvents {
  /** Pass this as an observer. */
  readonly observer: Observer
  /** All of them, in order. */
  readonly events: readonly AuthenticationEvent[]
  /** Those of one type, in order. */
  ofType<T extends AuthenticationEvent['type']>(
    type: T,
  ): readonly Extract<AuthenticationEvent, { readonly type: T }>[]
  /** Removes all of them. */
  clear(): void
}

/**
 * Records events for a test.
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
