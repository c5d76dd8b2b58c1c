import { tell } from '@kube-authn/core/internal'

/** Who waits for changes of single objects. */
export interface KeyWatchers {
  /** Calls back at every change of the object with this key. Returns a function that stops it. */
  watch(this: void, key: string, onChange: () => void): () => void
  changed(key: string): void
}

/** Calls back those who watch a key. What they throw is ignored. */
export function keyWatchers(): KeyWatchers {
  const watchers = new Map<string, Set<() => void>>()
  return {
    watch(key, onChange) {
      const ofKey = watchers.get(key) ?? new Set()
      watchers.set(key, ofKey)
      // A function of its own, since one may be given twice.
      const call = (): void => onChange()
      ofKey.add(call)
      return () => {
        ofKey.delete(call)
        if (ofKey.size === 0 && watchers.get(key) === ofKey) watchers.delete(key)
      }
    },
    changed(key) {
      const ofKey = watchers.get(key)
      if (ofKey === undefined) return
      // A copy, since they stop watching.
      for (const each of Array.from(ofKey)) tell(each, undefined)
    },
  }
}
