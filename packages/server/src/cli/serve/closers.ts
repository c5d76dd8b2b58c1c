/** What must be closed, last opened first. */
export interface Closers {
  add(close: () => void | Promise<void>): void
  /** Closes everything, also if something fails. Rejects with the first failure. */
  close(): Promise<void>
}

/** Collects what must be closed. */
export function closers(): Closers {
  const all: (() => void | Promise<void>)[] = []
  return {
    add: (close) => void all.push(close),
    async close() {
      const errors: unknown[] = []
      for (const close of all.splice(0).toReversed()) {
        try {
          // One needs what was opened before it.
          await close()
        } catch (error) {
          errors.push(error)
        }
      }
      if (errors.length > 0) throw errors[0]
    },
  }
}
