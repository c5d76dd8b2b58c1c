import type { Planted } from './planted.ts'

/** Mistakes in sessions that only cookies keep, and in what ends open connections. */
export const plantedInSealedSessions: readonly Planted[] = [
  {
    name: 'sealed sessions go by the clock of a replica',
    violates: ['errors', 'revokedIsRefused', 'acknowledged', 'endedStays'],
    replaced: [
      [
        'const clock = options.clock ?? options.ended?.clock ?? systemClock;',
        'const clock = options.clock ?? systemClock;',
      ],
    ],
  },
  {
    name: 'a sealed session that has ended is found',
    violates: ['revokedIsRefused'],
    replaced: [
      [
        'if (await ends.hasEnded(session) || lifetimes.isOver(session)) return void 0;',
        'if (lifetimes.isOver(session)) return void 0;',
      ],
    ],
  },
  {
    name: 'a sealed session that was ended elsewhere is found',
    violates: ['revokedIsRefused'],
    replaced: [
      ['for (const credential of sessionCredentials(session)) if', 'for (const credential of []) if'],
    ],
  },
  {
    name: 'a logout of a sealed session is told before it is recorded',
    violates: ['acknowledged', 'revokedIsRefused'],
    replaced: [
      [
        'await recorded(END, () => ended.set?.(name, revocation));',
        'void recorded(END, () => ended.set?.(name, revocation)).catch(() => {});',
      ],
    ],
  },
  {
    name: 'a logout of a sealed session is remembered for a minute',
    violates: ['revokedIsRefused', 'revokedStays', 'acknowledged', 'unasked'],
    replaced: [['expiresAtMs: nowMs + recordedMs\n', 'expiresAtMs: nowMs + 60000\n']],
  },
  {
    name: 'sealed sessions have not ended while that is not known',
    violates: ['revokedIsRefused', 'revokedStays'],
    replaced: [
      [
        'throw isAuthenticationError(thrown) ? thrown : unavailable(UNKNOWN, { cause: thrown });',
        'return false;',
      ],
    ],
  },
  {
    name: 'a sealed session is found by its provider alone',
    violates: ['revokedIsRefused'],
    replaced: [
      [
        '[void 0, provider].map((each) => providerSessionAttribute',
        '[void 0].map((each) => providerSessionAttribute',
      ],
    ],
  },
  {
    name: 'a sealed session is not over by its idle time',
    violates: ['endedStays'],
    replaced: [['return remainingMs(times) <= 0 || times', 'return times']],
  },
  {
    name: 'a connection in a sealed session stays open',
    violates: ['revokedIsRefused'],
    replaced: [['(end) => source.watch?.(credential, end))', '(end) => () => void end)']],
  },
  {
    name: 'a connection of a revoked token stays open',
    violates: ['revokedIsRefused'],
    replaced: [['stopWatching = revocation?.watch(() => end(REVOKED));', '']],
  },
  {
    name: 'a connection ends when it is opened',
    violates: ['errors'],
    replaced: [['\tif (expired.signal.aborted) stopWatching?.();\n\treturn', '\texpired.abort();\n\treturn']],
  },
  {
    name: 'a machine that wakes up logs users out by the time before it slept',
    violates: ['unasked', 'revokedIsRefused', 'acknowledged'],
    replaced: [['(ended.clock === clock ? await ended.now?.() : void 0) ?? clock.now()', 'clock.now()']],
  },
]
