import { vi } from 'vitest'

/**
 * `vi.waitFor` and `vi.waitUntil` give up after a second by default, which is too short on a busy machine. This is less than the limit of a test,
 * so that a failure says what was awaited.
 */
export const PATIENCE_MS = 240_000

// Test files of one worker share `vi`.
if (vi.waitFor.name !== 'waitPatiently') {
  const { waitFor, waitUntil } = vi
  const patient = (options?: number | object): object => ({
    interval: 10,
    timeout: PATIENCE_MS,
    ...(typeof options === 'number' ? { timeout: options } : options),
  })
  vi.waitFor = function waitPatiently(callback, options) {
    return waitFor(callback, patient(options))
  }
  vi.waitUntil = function waitUntilPatiently(callback, options) {
    return waitUntil(callback, patient(options))
  }
}
