import type { Planted } from './planted.ts'

/** Mistakes in sessions of users: how they are found, changed, refreshed and ended. */
export const plantedInSessions: readonly Planted[] = [
  {
    name: 'an outage is a session that is not there',
    violates: ['acknowledged'],
    replaced: [
      [
        'get: (key) => ask(() => store.get(key)),',
        'get: (key) => ask(() => store.get(key)).catch(() => void 0),',
      ],
    ],
  },
  {
    name: 'a conflict is an outage of the sessions',
    violates: ['outagesEnd'],
    replaced: [
      [
        'if (isAuthenticationError(thrown) || isRefusal(thrown, ...REFUSALS)) throw thrown;',
        'if (isAuthenticationError(thrown)) throw thrown;',
      ],
    ],
  },
  {
    name: 'a use does not make a session last longer',
    violates: ['acknowledged'],
    replaced: [
      [
        'ttlMs: Math.max(1, lifetimes.remainingMs(changed))',
        'ttlMs: Math.max(1, lifetimes.remainingMs(current))',
      ],
    ],
  },
  {
    name: 'a use is written only when half of the idle time is over',
    violates: ['acknowledged'],
    replaced: [['const RECORDED_PART = 10;', 'const RECORDED_PART = 2;']],
  },
  {
    name: 'a session ends that much after its login, however it is used',
    violates: ['acknowledged', 'errors'],
    replaced: [['Math.min(seenAtMs + idleMs,', 'Math.min(startedAtMs + idleMs,']],
  },
  {
    name: 'the times of a session are those of a replica',
    violates: ['acknowledged'],
    replaced: [
      [
        '\t\tclock: storeClock(options.store),\n\t\t...options\n',
        '\t\tclock: systemClock,\n\t\t...options\n',
      ],
    ],
  },
  {
    name: 'a logout that failed is told as done',
    violates: ['endedStays'],
    replaced: [
      [
        'if (isRefusal(thrown, "objectNotFound", "revisionConflict")) return false;\n\t\tthrow thrown;',
        'return false;',
      ],
    ],
  },
  {
    name: 'a logout everywhere ends one session',
    violates: ['endedStays'],
    replaced: [
      [
        'for (const entry of entries) if (await endSession(parts, entry)) count++;',
        'for (const entry of entries) if (await endSession(parts, entry)) return 1;',
      ],
    ],
  },
  {
    name: 'a session is not found by its user when it was refreshed',
    violates: ['endedStays'],
    replaced: [
      [
        'if (!await index.isMarkedEnded(entry)) return withCookie(parts, changed);',
        'await index.remove(entry);\n\tif (!await index.isMarkedEnded(entry)) return withCookie(parts, changed);',
      ],
    ],
  },
  {
    name: 'a user who logs in during a logout everywhere stays logged in',
    violates: ['endedStays'],
    replaced: [['const why = await index.isMarkedEnded(entry) ?', 'const why = false ?']],
  },
  {
    name: 'a login that was slow outlives a logout everywhere',
    violates: ['endedStays'],
    replaced: [['Math.abs(lifetimes.clock.now() - session.startedAtMs) > LONGEST_LOGIN_MS', 'false']],
  },
  {
    name: 'a session is refreshed without a turn',
    violates: ['oneWinner'],
    replaced: [['if (revision !== void 0) try {\n\t\t\treturn done', 'try {\n\t\t\treturn done']],
  },
  {
    name: 'a session is refreshed again by who waited for it',
    violates: ['oneWinner'],
    replaced: [
      [
        'return current.version > session.version ? { result: withCookie(parts, current) } : void 0;',
        'return void 0;',
      ],
    ],
  },
  {
    name: 'a turn to refresh does not end with its replica',
    violates: ['outagesEnd'],
    replaced: [
      [
        'const { revision } = await store.create(key, value, { ttlMs });',
        'const { revision } = await store.create(key, value);',
      ],
    ],
  },
  {
    name: 'a turn to refresh ends before the provider has answered',
    violates: ['oneWinner'],
    replaced: [
      [
        'await createRecord(store, key, "{}", REFRESH_TIMEOUT_MS);',
        'await createRecord(store, key, "{}", 500);',
      ],
    ],
  },
  {
    name: 'what the provider has answered is not kept',
    violates: ['acknowledged'],
    replaced: [
      ['current.version > session.version ? void 0 : {', 'current.version >= session.version ? void 0 : {'],
    ],
  },
  {
    name: 'a connection stays open when its session has ended',
    violates: ['endedStays'],
    replaced: [['\t\t\telse end(watched);\n', '']],
  },
  {
    name: 'an answer counts as none for a connection',
    violates: ['errors'],
    replaced: [
      [
        'if (await isThere(watched.session)) watched.unanswered = 0;',
        'if (await isThere(watched.session)) {}',
      ],
    ],
  },
  {
    name: 'a connection asks once about its session',
    violates: ['errors'],
    replaced: [['\t\t\twatched.isAsking = false;\n', '']],
  },
]
