import type { Planted } from './planted.ts'

/** Mistakes in what is revoked, and in which connections end. */
export const plantedInRevocations: readonly Planted[] = [
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
    name: 'clocks that differ by a second are not allowed for',
    violates: ['revokedIsRefused', 'errors'],
    replaced: [
      ['const clockSkewMs = clockSkewSeconds * 1e3;\n\tconst named', 'const clockSkewMs = 0;\n\tconst named'],
    ],
  },
  {
    name: 'an old copy decides what is revoked',
    violates: ['revokedIsRefused'],
    replaced: [
      [
        'throw unavailable(problem, { retryAfterSeconds: RETRY_SECONDS });\n\t\t\treturn list.isRevoked',
        '{}\n\t\t\treturn list.isRevoked',
      ],
    ],
  },
  {
    name: 'it is not known what is revoked, and that is told as revoked',
    violates: ['errors'],
    replaced: [
      [
        'throw unavailable(problem, { retryAfterSeconds: RETRY_SECONDS });\n\t\t\treturn list.isRevoked',
        'return true;\n\t\t\treturn list.isRevoked',
      ],
    ],
  },
  {
    name: 'a replica does not know what was revoked by a logout at it',
    violates: ['revokedIsRefused'],
    replaced: [['\t\tlearners: [cache]\n', '\t\tlearners: []\n']],
  },
  {
    name: 'a revocation that was taken back counts on',
    violates: ['errors'],
    replaced: [['if (after === void 0) list.delete(key);', 'if (after === void 0) {}']],
  },
  {
    name: 'with one revocation of a user all are taken back',
    violates: ['revokedIsRefused', 'revokedStays'],
    replaced: [
      ['if (known === thing || known instanceof Set && known.size === 0) map?.delete', 'map?.delete'],
    ],
  },
  {
    name: 'a second revocation of a user replaces the first',
    violates: ['revokedIsRefused', 'revokedStays'],
    replaced: [
      ['/* @__PURE__ */ new Set([known, thing]));\n\t}\n\tdelete(subject', 'thing);\n\t}\n\tdelete(subject'],
    ],
  },
  {
    name: 'only the first revocation of a user is looked at',
    violates: ['revokedIsRefused', 'revokedStays'],
    replaced: [
      [
        'for (const entry of some) if (concerns(entry, credential)) return true;',
        'for (const entry of some) return concerns(entry, credential);',
      ],
    ],
  },
  {
    name: 'the only session that is revoked is not looked for',
    violates: ['revokedIsRefused'],
    replaced: [['if (entries.attribute.size > 0) {', 'if (entries.attribute.size > 1) {']],
  },
  {
    name: 'the only digest that is revoked is not looked for',
    violates: ['revokedIsRefused'],
    replaced: [
      [
        'if (entries.tokenSha256.size === 0) return false;',
        'if (entries.tokenSha256.size <= 1) return false;',
      ],
    ],
  },
  {
    name: 'a logout of a user revokes later tokens too',
    violates: ['errors'],
    replaced: [['issuedBefore: inWholeSeconds(issuedBeforeMs),', 'issuedBefore: void 0,']],
  },
  {
    name: 'a logout of a user revokes only what is older than the allowance',
    violates: ['revokedIsRefused'],
    replaced: [
      [
        'issuedBeforeMs === void 0 ? void 0 : issuedBeforeMs + clockSkewMs;',
        'issuedBeforeMs === void 0 ? void 0 : issuedBeforeMs - clockSkewMs;',
      ],
    ],
  },
  {
    name: 'the end of a revocation is forgotten when it is written',
    violates: ['errors', 'bounded'],
    replaced: [['return own === void 0 ? given : {', 'return true ? given : {']],
  },
  {
    name: 'a revocation that ends soon is not written',
    violates: ['acknowledged'],
    replaced: [
      [
        '(revocation.expiresAtMs ?? Infinity) <= clock.now()',
        '(revocation.expiresAtMs ?? Infinity) <= clock.now() + 6e4',
      ],
    ],
  },
  {
    name: 'a logout that could not be written is acknowledged',
    violates: ['acknowledged'],
    replaced: [
      [
        '\t\t\t\tif (!isConflict(thrown)) throw thrown;\n\t\t\t});\n\t\t},\n\t\tisRevoked',
        '\t\t\t});\n\t\t},\n\t\tisRevoked',
      ],
    ],
  },
  {
    name: 'a revocation ends a minute early',
    violates: ['unasked'],
    replaced: [
      [
        'expirationTime: inWholeSeconds(expiresAtMs)',
        'expirationTime: inWholeSeconds(expiresAtMs && expiresAtMs - 6e4)',
      ],
    ],
  },
  {
    name: 'a revocation does not end connections that are open',
    violates: ['revokedIsRefused'],
    replaced: [['if (concerns(entry, watcher.credential)) watcher.end();', 'if (false) watcher.end();']],
  },
  {
    name: 'connections do not end when the digest of their token is revoked',
    violates: ['revokedIsRefused'],
    replaced: [
      ['...tokenDigestsOf(credential).map((value) => ({\n\t\t\tkind', '...[].map((value) => ({\n\t\t\tkind'],
    ],
  },
  {
    name: 'one connection of a user ends, and the others stay',
    violates: ['revokedIsRefused'],
    replaced: [
      [
        'return known instanceof Set ? Array.from(known) : [known];',
        'return known instanceof Set ? Array.from(known).slice(0, 1) : [known];',
      ],
    ],
  },
  {
    name: 'the end of one connection leaves the others of its user open',
    violates: ['revokedIsRefused'],
    replaced: [
      ['if (known instanceof Set) known.delete(thing);', 'if (known instanceof Set) known.clear();'],
    ],
  },
  {
    name: 'connections stay open while it is not known what is revoked',
    violates: ['revokedIsRefused'],
    replaced: [['\t\tif (isUnknown()) {\n', '\t\tif (false) {\n']],
  },
  {
    name: 'every connection leaves a timer',
    violates: ['bounded'],
    replaced: [['cancel ??= clock.after(NOTICED_MS, look)', 'cancel = clock.after(NOTICED_MS, look)']],
  },
]
