import { onTestFinished } from 'vitest'

/** The rejections so far that nothing handles: outside of a test, Node.js ends the process for one. */
export function unhandledRejections(): { readonly all: readonly unknown[]; settled(): Promise<void> } {
  const all: unknown[] = []
  const keep = (reason: unknown): void => void all.push(reason)
  process.on('unhandledRejection', keep)
  onTestFinished(() => void process.off('unhandledRejection', keep))
  return {
    all,
    /** Node.js tells after all microtasks. */
    settled: () => new Promise((resolve) => setImmediate(() => setImmediate(resolve))),
  }
}
