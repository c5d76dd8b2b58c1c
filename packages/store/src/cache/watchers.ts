import type { Clock } from '@kube-authn/core'
import { tell } from '@kube-authn/core/internal'

/** How soon it is noticed that a copy cannot be used any more. */
const NOTICED_MS = 1000

/** What goes on for long with what a copy said, such as a watch or a tunnel. */
export interface Watchers {
  /** Calls back at every change of the object with this key, and when that is not known any more. Returns a function that stops it. */
  watch(this: void, key: string, onChange: () => void): () => void
  /** Calls back once when it is not known any more what the store has. Returns a function that stops waiting. */
  watchUnknown(this: void, onUnknown: () => void): () => void
  changed(key: string): void
}

/** A timer runs only while there are any. What a callback throws is ignored. */
export function watchers(clock: Clock, isUnknown: () => boolean): Watchers {
  const byKey = new Map<string, Set<() => void>>()
  const waiting = new Set<() => void>()
  let cancel: (() => void) | undefined

  const look = (): void => {
    cancel = undefined
    if (isUnknown()) {
      const all = [...waiting]
      waiting.clear()
      for (const each of all) tell(each, undefined)
    }
    lookLater()
  }
  const lookLater = (): void => {
    if (waiting.size > 0) cancel ??= clock.after(NOTICED_MS, look)
  }

  const watchUnknown = (onUnknown: () => void): (() => void) => {
    // A function of its own, since one may be given twice.
    const call = (): void => onUnknown()
    waiting.add(call)
    lookLater()
    return () => {
      waiting.delete(call)
      if (waiting.size > 0) return
      cancel?.()
      cancel = undefined
    }
  }

  return {
    watchUnknown,
    watch(key, onChange) {
      const ofKey = byKey.get(key) ?? new Set()
      byKey.set(key, ofKey)
      const call = (): void => onChange()
      ofKey.add(call)
      const stopWaiting = watchUnknown(onChange)
      return () => {
        stopWaiting()
        ofKey.delete(call)
        if (ofKey.size === 0 && byKey.get(key) === ofKey) byKey.delete(key)
      }
    },
    changed(key) {
      // A copy, since they stop watching.
      for (const each of Array.from(byKey.get(key) ?? [])) tell(each, undefined)
    },
  }
}
