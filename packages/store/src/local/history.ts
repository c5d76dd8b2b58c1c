import { type OptionsShape, wholeNumber } from '@kube-authn/core/adapter'
import type { StoreChange } from '../object-store.ts'

/** How long changes are remembered, for watches that come back and for lists in pages. */
export interface HistoryOptions {
  /** The least number of changes that are remembered. Default 10,000. */
  readonly maxHistoryChanges?: number
  /** Changes are forgotten earlier if their values have more characters than this together. Default 67,108,864. */
  readonly historyLength?: number
}

export const historyShape: OptionsShape<HistoryOptions> = {
  maxHistoryChanges: wholeNumber(1),
  historyLength: wholeNumber(1),
}

export function historyLimitOf({
  maxHistoryChanges = 10_000,
  historyLength = 67_108_864,
}: HistoryOptions): HistoryLimit {
  return { changes: maxHistoryChanges, length: historyLength }
}

/** How many changes are remembered for watches that come back and for lists that go on. */
export interface HistoryLimit {
  /** The number of changes. */
  readonly changes: number
  /** The sum of the lengths of their values, in characters. */
  readonly length: number
}

/** Says when old changes are to be forgotten. */
export interface History {
  add(changes: readonly StoreChange[]): void
  /** Up to which revision changes should be forgotten now; `undefined` if none. */
  surplus(): number | undefined
}

interface Step {
  readonly revision: number
  readonly changes: number
  readonly length: number
}

/**
 * Counts in steps. When the limit is exceeded by a tenth, everything before the limit is to be forgotten, so that it happens once in many changes.
 *
 * @param changes the number of changes that are remembered already.
 * @param lengthOf the length of a change. Default: that of its value.
 */
export function history(
  limit: HistoryLimit,
  changes: number,
  revision: number,
  lengthOf = ({ value }: StoreChange): number => value.length,
): History {
  let steps: Step[] = changes > 0 ? [{ revision, changes, length: 0 }] : []
  let total = { changes, length: 0 }
  const stepChanges = Math.max(1, Math.floor(limit.changes / 100))
  const stepLength = limit.length / 100

  return {
    add(added) {
      for (const change of added) {
        const length = lengthOf(change)
        total = { changes: total.changes + 1, length: total.length + length }
        const last = steps.at(-1)
        if (last === undefined || last.changes >= stepChanges || last.length >= stepLength) {
          steps.push({ revision: change.revision, changes: 1, length })
        } else {
          steps[steps.length - 1] = {
            revision: change.revision,
            changes: last.changes + 1,
            length: last.length + length,
          }
        }
      }
    },
    surplus() {
      if (total.changes <= 1.1 * limit.changes && total.length <= 1.1 * limit.length) return undefined
      let forgotten = 0
      let { changes: count, length } = total
      for (const step of steps) {
        if (count <= limit.changes && length <= limit.length) break
        count -= step.changes
        length -= step.length
        forgotten++
      }
      const last = steps[forgotten - 1]
      steps = steps.slice(forgotten)
      total = { changes: count, length }
      return last?.revision
    },
  }
}
