/** A number of slots, of which one holder cannot have all. */
export interface Slots {
  /** Takes a slot. @returns a function that gives it back, once; `undefined` if there is none for this holder. */
  take(holder: string): (() => void) | undefined
}

/** The part of the slots that is for everyone, and the part that a holder has beyond it. */
const COMMON_PART = 1 / 2
const SHARE = 1 / 4

/**
 * Half of the slots are for everyone. Of the others, none is for a holder that has a quarter of all already: so the slots that are left are those of the others, whatever one
 * holder does.
 *
 * @param limit 0: any number.
 */
export function slots(limit: number): Slots {
  const held = new Map<string, number>()
  let taken = 0
  return {
    take(holder) {
      const own = held.get(holder) ?? 0
      const isFull = taken >= limit || (taken >= limit * COMMON_PART && own >= limit * SHARE)
      if (limit > 0 && isFull) return undefined
      taken++
      held.set(holder, own + 1)
      let isTaken = true
      return () => {
        if (!isTaken) return
        isTaken = false
        taken--
        const left = (held.get(holder) ?? 0) - 1
        if (left > 0) held.set(holder, left)
        else held.delete(holder)
      }
    },
  }
}
