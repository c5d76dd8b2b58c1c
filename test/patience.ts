import { vi } from 'vitest'

/** `vi.waitFor` gives up after a second by default, which a busy machine may need for nothing at all. */
const PATIENCE_MS = 60_000

// Test files of one worker share `vi`.
if (vi.waitFor.name !== 'waitPatiently') {
  const { waitFor } = vi
  vi.waitFor = function waitPatiently(callback, options) {
    const given = typeof options === 'number' ? { timeout: options } : options
    return waitFor(callback, { interval: 10, timeout: PATIENCE_MS, ...given })
  }
}
