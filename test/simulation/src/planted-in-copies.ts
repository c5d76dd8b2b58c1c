import type { Planted } from './planted.ts'

/** Mistakes in how copies of objects follow the store, and how they tell its time. */
export const plantedInCopies: readonly Planted[] = [
  {
    name: 'a replica does not know what it has just written',
    violates: ['revokedIsRefused', 'copies'],
    replaced: [['for (const each of learners) each.learn(written);', '']],
  },
  {
    name: 'the time of the store is that of a replica',
    violates: ['revokedIsRefused', 'revokedStays', 'errors', 'acknowledged', 'unasked'],
    replaced: [['agrees(RIGHT_MS) ? clock.now() : elapsedMs() + middle()', 'clock.now()']],
  },
  {
    name: 'a clock that is minutes wrong is believed',
    violates: ['revokedIsRefused', 'revokedStays', 'errors', 'acknowledged', 'unasked'],
    replaced: [['const RIGHT_MS = 1e3;', 'const RIGHT_MS = 6e5;']],
  },
  {
    name: 'a machine that has slept does not learn the time anew',
    violates: ['revokedIsRefused', 'revokedStays', 'errors', 'acknowledged', 'unasked'],
    replaced: [['\t\t\tif (least > most) [least, most] = [from, to];\n', '']],
  },
  {
    name: 'an answer is as old as its arrival',
    violates: ['revokedIsRefused', 'revokedStays', 'errors', 'acknowledged', 'unasked'],
    replaced: [['const to = toMs - sentMs;', 'const to = toMs - receivedMs;']],
  },
  {
    name: 'a copy is current until its clock says otherwise',
    violates: ['revokedIsRefused', 'errors'],
    replaced: [['elapsedMs() - confirmedElapsedMs > maxStalenessMs', 'false']],
  },
  {
    name: 'a copy is as old as the time that its machine was awake',
    violates: ['revokedIsRefused', 'copies', 'errors'],
    replaced: [[' || clock.now() - confirmedMs > maxStalenessMs', '']],
  },
  {
    name: 'a copy is current before its watch has told what there is',
    violates: ['revokedIsRefused', 'copies'],
    replaced: [['if (wanted === void 0 || latest < wanted) return;', 'if (wanted === void 0) return;']],
  },
  {
    name: 'a copy is never too old',
    violates: ['revokedIsRefused', 'copies'],
    replaced: [['return age.isStale() ? problems.stale : void 0;', 'return void 0;']],
  },
  {
    name: 'a replica learns what was deleted before its answer arrived',
    violates: ['copies', 'errors'],
    replaced: [['if (written.revision > settled) take(written);', 'take(written);']],
  },
  {
    name: 'a replica learns nothing that it writes after its first list',
    violates: ['copies', 'revokedIsRefused'],
    replaced: [['if (written.revision > settled) take(written);', 'if (settled < 0) take(written);']],
  },
  {
    name: 'a follower keeps what a list does not have',
    violates: ['errors', 'copies'],
    replaced: [['if (!listed.has(key) && each.revision <= revision) forget(key);', '{}']],
  },
  {
    name: 'a follower skips deletions',
    violates: ['errors', 'copies'],
    replaced: [
      [
        'if (event.type !== "progress") follower.change(event);',
        'if (event.type !== "progress" && event.type !== "deleted") follower.change(event);',
      ],
    ],
  },
  {
    name: 'a follower skips updates',
    violates: ['copies'],
    replaced: [
      [
        'if (event.type !== "progress") follower.change(event);',
        'if (event.type !== "progress" && event.type !== "updated") follower.change(event);',
      ],
    ],
  },
  {
    name: 'a follower begins again now and does not list',
    violates: ['copies', 'errors', 'revokedIsRefused'],
    replaced: [['\t\t\tsince,\n\t\t\tsignal: round.signal,', '\t\t\tsignal: round.signal,']],
  },
  {
    name: 'a follower goes on when changes were forgotten',
    violates: ['outagesEnd', 'revokedIsRefused'],
    replaced: [['\t\t\t\tsince = void 0;\n', '']],
  },
  {
    name: 'a follower ends when its watch is too slow',
    violates: ['outagesEnd'],
    replaced: [
      [
        'if (isStoreError(thrown, "watchTooSlow")) continue;',
        'if (isStoreError(thrown, "watchTooSlow")) return;',
      ],
    ],
  },
  {
    name: 'a follower waits ever longer after each failure',
    violates: ['outagesEnd'],
    replaced: [['Math.min(LONGEST_SHORT_DELAY_MS, maxStalenessMs / 6)', 'Infinity']],
  },
  {
    name: 'a follower does not hear progress',
    violates: ['outagesEnd'],
    replaced: [
      [
        '\t\t\tcheck?.told(event.revision);\n',
        '\t\t\tif (event.type !== "progress") check?.told(event.revision);\n',
      ],
    ],
  },
  {
    name: 'a follower does not ask again when there was no answer',
    violates: ['outagesEnd'],
    replaced: [['if (!isStopped) askLater(Math.min(everyMs, RETRY_MS));', '']],
  },
  {
    name: 'a follower asks only once how far the store is',
    violates: ['outagesEnd', 'errors'],
    replaced: [['\t\tlooks = 0;\n\t\taskLater(everyMs);\n', '\t\tlooks = 0;\n']],
  },
  {
    name: 'a follower leaves the watches that it has given up',
    violates: ['bounded'],
    replaced: [['\t\tcheck?.stop();\n\t\tend();\n', '\t\tcheck?.stop();\n']],
  },
  {
    name: 'an unanswered question is a rejection without a handler',
    violates: ['handled'],
    replaced: [['if (!isStopped) askLater(Math.min(everyMs, RETRY_MS));', 'throw new Error("no answer");']],
  },
]
