import { vi } from 'vitest'

/** `vi.waitFor` times out after a second by default, which is too short on a busy machine. */
const PATIENCE_MS = 60_000

// Test files of one worker share `vi`.
if (vi.waitFor.name !== 'waitPatiently') {
  const { waitFor } = vi
  vi.waitFor = function waitPatiently(callback, options) {
    const given = typeof options === 'number' ? { timeout: options } : options
    return waitFor(callback, { interval: 10, timeout: PATIENCE_MS, ...given })
  }
}
