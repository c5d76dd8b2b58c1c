import { type OptionsShape, wholeNumber } from '@kube-authn/core/adapter'
import type { HistoryLimit } from './local/history.ts'

/** How long changes are remembered, for watches that come back and for lists in pages. */
export interface HistoryOptions {
  /** The least number of changes that are remembered. Default 10,000. */
  readonly maxHistoryChanges?: number
  /** Changes are forgotten earlier if their values have more characters than this together. Default 67,108,864. */
  readonly historyLength?: number
}

/** The checks of {@link HistoryOptions}. */
export const historyShape: OptionsShape<HistoryOptions> = {
  maxHistoryChanges: wholeNumber(1),
  historyLength: wholeNumber(1),
}

/** The limit that the options ask for. */
export function historyLimitOf({
  maxHistoryChanges = 10_000,
  historyLength = 67_108_864,
}: HistoryOptions): HistoryLimit {
  return { changes: maxHistoryChanges, length: historyLength }
}
