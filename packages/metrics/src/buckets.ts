/** Bucket bounds, each `factor` times the previous one. */
export function exponentialBuckets(start: number, factor: number, count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => start * factor ** index)
}

/**
 * The default buckets.
 *
 * Source: Go client `prometheus/histogram.go` DefBuckets.
 */
export const DEFAULT_BUCKETS: readonly number[] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

/** The buckets of calls to the cluster that decisions are delegated to. */
export const DELEGATED_CALL_BUCKETS: readonly number[] = [0.25, 0.5, 0.7, 1, 1.5, 3, 5, 10]
