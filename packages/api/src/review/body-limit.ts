import { type OptionsShape, wholeNumber } from '@kube-authn/core/adapter'

/** The size limit of request bodies. */
export interface BodyLimit {
  /**
   * Bytes; a longer body gets a 413. Default 1,048,576.
   *
   * Deviation: kube-apiserver accepts 3 MiB (`docs/deviations.md`, content of reviews).
   */
  readonly maxBytes?: number
}

/** The checks of {@link BodyLimit}. */
export const bodyLimitShape: OptionsShape<BodyLimit> = { maxBytes: wholeNumber(1) }
