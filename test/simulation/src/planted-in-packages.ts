import type { Planted } from './planted.ts'

/** Mistakes in the packages: lines of their builds, and what takes their place. A test finds those that are not there any more. */
export const plantedInPackages: readonly Planted[] = [
  {
    name: 'a creation is undone when a read fails after it',
    violates: ['unasked'],
    replaced: [
      ['\t\treturn isStatusError(thrown) ? thrown : void 0;\n', '\t\treturn thrown;\n'],
      ['store.delete(key, { revision });\n\t\treturn true', 'store.delete(key);\n\t\treturn true'],
    ],
  },
  {
    name: 'an update is made whatever version it names',
    violates: ['oneWinner'],
    replaced: [['resourceVersion !== old.metadata.resourceVersion', 'resourceVersion === "none"']],
  },
  {
    name: 'a deletion is made whatever it requires',
    violates: ['unasked'],
    replaced: [['\t\t\trequirePreconditions(target, object, preconditions);\n', '']],
  },
  {
    name: 'a replica does not know what it has just written',
    violates: ['revokedIsRefused'],
    replaced: [['for (const each of learners) each.learn(written);', '']],
  },
  {
    name: 'a revocation ends by the clock of a replica',
    violates: ['revokedIsRefused', 'revokedStays', 'errors'],
    replaced: [
      ['return without(revocation, "expiresAtMs");', 'return revocation;'],
      [
        '{ store, clock = storeClock(store), clockSkewSeconds = 10 }',
        '{ store, clock = systemClock, clockSkewSeconds = 10 }',
      ],
      ['// src/revocations/revocations.ts', 'import { systemClock } from "@kube-authn/core/internal";'],
    ],
  },
  {
    name: 'the time of the store is that of a replica',
    violates: ['revokedIsRefused', 'revokedStays', 'errors', 'acknowledged', 'unasked'],
    replaced: [['agrees(RIGHT_MS) ? clock.now() : elapsedMs() + middle()', 'clock.now()']],
  },
  {
    name: 'clocks that differ by a second are not allowed for',
    violates: ['revokedIsRefused', 'errors'],
    replaced: [['const clockSkewMs = clockSkewSeconds * 1e3;', 'const clockSkewMs = 0;']],
  },
  {
    name: 'a copy is current until its clock says otherwise',
    violates: ['revokedIsRefused'],
    replaced: [['elapsedMs() - confirmedElapsedMs > maxStalenessMs', 'false']],
  },
  {
    name: 'a follower skips deletions',
    violates: ['errors'],
    replaced: [
      [
        'if (event.type !== "progress") follower.change(event);',
        'if (event.type !== "progress" && event.type !== "deleted") follower.change(event);',
      ],
    ],
  },
  {
    name: 'a follower goes on when changes were forgotten',
    violates: ['outagesEnd', 'revokedIsRefused'],
    replaced: [['\t\t\t\tsince = void 0;\n', '']],
  },
  {
    name: 'a follower keeps what a list does not have',
    violates: ['errors'],
    replaced: [['if (!listed.has(key) && each.revision <= revision) forget(key);', '{}']],
  },
  {
    name: 'a follower leaves the watches that it has given up',
    violates: ['bounded'],
    replaced: [['\t\tcheck?.stop();\n\t\tend();\n', '\t\tcheck?.stop();\n']],
  },
  {
    name: 'every connection leaves a timer',
    violates: ['bounded'],
    replaced: [['cancel ??= clock.after(NOTICED_MS, look)', 'cancel = clock.after(NOTICED_MS, look)']],
  },
  {
    name: 'an unanswered question is a rejection without a handler',
    violates: ['handled'],
    replaced: [['if (!isStopped) askLater(Math.min(everyMs, RETRY_MS));', 'throw new Error("no answer");']],
  },
  {
    name: 'connections stay open while it is not known what is revoked',
    violates: ['revokedIsRefused'],
    replaced: [['\t\tif (isUnknown()) {\n', '\t\tif (false) {\n']],
  },
  {
    name: 'a replica learns what was deleted before its answer arrived',
    violates: ['copies', 'errors'],
    replaced: [['if (written.revision > settled) take(written);', 'take(written);']],
  },
  {
    name: 'a watch with a selector tells of what it did not show',
    violates: ['watches'],
    replaced: [
      [
        'if (isSelected) return wasSelected ? modified(read) : added(read);',
        'if (isSelected) return modified(read);',
      ],
    ],
  },
]
