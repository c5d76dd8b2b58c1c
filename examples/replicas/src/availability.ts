/** How long each kind of request was not answered. */
export interface Availability {
  note(kind: string, isAnswered: boolean): void
  /** A line for each kind. */
  table(): string
}

interface Kind {
  answers: number
  failures: number
  /** When the last answer came, in milliseconds. */
  lastMs: number
  longestMs: number
}

/** Measures the longest time between two answers with failures between them. */
export function availability(nowMs: () => number = () => performance.now()): Availability {
  const kinds = new Map<string, Kind>()
  return {
    note(name, isAnswered) {
      const now = nowMs()
      const kind = kinds.get(name) ?? { answers: 0, failures: 0, lastMs: now, longestMs: 0 }
      kinds.set(name, kind)
      if (isAnswered) {
        kind.answers += 1
        kind.lastMs = now
      } else {
        kind.failures += 1
        kind.longestMs = Math.max(kind.longestMs, now - kind.lastMs)
      }
    },
    table() {
      const rows = Array.from(kinds, ([name, { answers, failures, longestMs }]) =>
        [
          name.padEnd(28),
          `${answers} answers`.padStart(14),
          `${failures} failures`.padStart(14),
          longest(longestMs),
        ].join('  '),
      )
      return rows.join('\n')
    },
  }
}

function longest(milliseconds: number): string {
  return milliseconds === 0 ? 'always there' : `away for ${(milliseconds / 1000).toFixed(1)} s at most`
}
