import type { Clock } from '@kube-authn/core'
import { tell } from '@kube-authn/core/internal'

/** How soon it is noticed that a copy cannot be used any more. */
const NOTICED_MS = 1000

/** What goes on for long with what a copy said, such as a watch or a tunnel. */
export interface OpenUses {
  /** Calls back once when it is not known any more what the store has. Returns a function that stops waiting. */
  watch(this: void, onUnknown: () => void): () => void
}

/** A timer runs only while there are any. What a callback throws is ignored. */
export function openUses(clock: Clock, isUnknown: () => boolean): OpenUses {
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

  return {
    watch(onUnknown) {
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
    },
  }
}
