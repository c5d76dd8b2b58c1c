import type { Planted } from './planted.ts'

/** Mistakes in how an app follows the keys of an issuer, and its files. */
export const plantedInApps: readonly Planted[] = [
  {
    name: 'a withdrawn key stays among the keys',
    violates: ['keys'],
    replaced: [
      [
        'fetched.keys = issuerKeys(parseJwks(text));',
        'fetched.keys = issuerKeys([...fetched.keys.all.filter(({ kid }) => !text.includes(kid)), ...parseJwks(text)]);',
      ],
    ],
  },
  {
    name: 'a decision is remembered for longer when the clock is set back',
    violates: ['keys'],
    replaced: [
      [
        'return ageMs >= 0 && ageMs < milliseconds && elapsedMs() - beganMs < milliseconds;',
        'return ageMs < milliseconds;',
      ],
    ],
  },
  {
    name: 'a decision counts again when a clock that was set back has caught up',
    violates: ['keys'],
    replaced: [['ageMs < milliseconds && elapsedMs() - beganMs < milliseconds;', 'ageMs < milliseconds;']],
  },
  {
    name: 'a user is remembered for minutes',
    violates: ['keys'],
    replaced: [['(options.successTtlSeconds ?? 10) * 1e3', '(options.successTtlSeconds ?? 300) * 1e3']],
  },
  {
    name: 'a token does not expire',
    violates: ['keys'],
    replaced: [['if (expiry < nowSeconds) throw', 'if (expiry < 0) throw']],
  },
  {
    name: 'a token is signed if it names a key of the issuer',
    violates: ['keys'],
    replaced: [
      [
        'isSignedWith(jwt, jwk, algorithm), (_, isSigned)',
        'isSignedWith(jwt, jwk, algorithm), (_, __, isSigned = true)',
      ],
    ],
  },
  {
    name: 'the document of another issuer counts',
    violates: ['keys'],
    replaced: [['\tif (issuer !== target.url) {\n\t\tconst found =', '\tif (false) {\n\t\tconst found =']],
  },
  {
    name: 'an outage of the issuer is a token that is not signed',
    violates: ['errors'],
    replaced: [
      [
        'if (fetched.error !== void 0) throw notFetched(fetched.error);\n\t\tif (outcome === "absent")',
        'if (outcome !== "found")',
      ],
    ],
  },
  {
    name: 'a token whose turn to fetch keys did not come is refused',
    violates: ['errors'],
    replaced: [['return this.#fetchesBegun !== begun;', 'return true;']],
  },
  {
    name: 'an answer without keys is a set without keys',
    violates: ['errors'],
    replaced: [
      [
        'if (!Array.isArray(keys)) throw new TypeError("not a JWK set");',
        'if (!Array.isArray(keys)) return [];',
      ],
    ],
  },
  {
    name: 'new keys are not fetched for a token that names one',
    violates: ['errors'],
    replaced: [
      [
        'verifyUnderSameName(jwt, tried) : verifyWithOthers(jwt, tried)',
        'verifyUnderSameName(jwt, tried) : Promise.reject(notSigned())',
      ],
    ],
  },
  {
    name: 'a key that took the name of another one is not fetched',
    violates: ['errors'],
    replaced: [
      [
        'verifyUnderSameName(jwt, tried) : verifyWithOthers',
        'Promise.reject(notSigned()) : verifyWithOthers',
      ],
    ],
  },
  {
    name: 'an issuer that does not answer is waited for, for ever',
    violates: ['outagesEnd', 'bounded'],
    replaced: [
      [
        'milliseconds: timeoutSeconds * 1e3,\n\t\tclock,\n\t\tcaller,',
        'milliseconds: 1e9,\n\t\tclock,\n\t\tcaller,',
      ],
    ],
  },
  {
    name: 'an issuer that did not answer is not asked again',
    violates: ['outagesEnd'],
    replaced: [
      ['if (keys === void 0 && !isClosed) cancelNext', 'if (false) cancelNext'],
      ['Math.abs(clock.now() - triedAtMs) >= RETRY_MS && !isClosed ? attempt() : underWay', 'underWay'],
    ],
  },
  {
    name: 'three fetches of keys are all there are',
    violates: ['outagesEnd', 'errors', 'keys'],
    replaced: [['Math.max(0, nowMs - this.#countedAtMs) / INTERVAL_MS', '0']],
  },
  {
    name: 'keys are fetched as often as tokens ask for it',
    violates: ['bounded'],
    replaced: [['if (this.waitMs(nowMs) > 0) return false;', '']],
  },
  {
    name: 'an answer of the issuer may be of any length',
    violates: ['bounded'],
    replaced: [['throw new BodyTooLongError(maxBytes);\n\t\t}\n\t\ttext +=', '{}\n\t\t}\n\t\ttext +=']],
  },
  {
    name: 'an empty file is a version',
    violates: ['files'],
    replaced: [['if (reading.isEmpty(content)) throw', 'if (false) throw']],
  },
  {
    name: 'a file that was missing is not looked for again',
    violates: ['files'],
    replaced: [
      [
        'if (stamp === void 0 || versions.isRead()) wait();',
        'if (stamp === void 0) {} else if (versions.isRead()) wait();',
      ],
    ],
  },
  {
    name: 'a file is looked at only when it is told of',
    violates: ['files'],
    replaced: [['schedule(pollMs, look);', 'cancelNext();']],
  },
  {
    name: 'a change is heard of only by looking',
    violates: ['files'],
    replaced: [
      [
        'fs.watch(directory, { persistent: false }, onChange)',
        'fs.watch(directory, { persistent: false }, () => {})',
      ],
    ],
  },
  {
    name: 'a change that is told of during another one delays both',
    violates: ['files'],
    replaced: [['\t\tif (!isWaiting) return;\n\t\tisWaiting = false;\n', '']],
  },
  {
    name: 'one change of a file is told of, and no other',
    violates: ['files'],
    replaced: [['\tconst wait = () => {\n\t\tisWaiting = true;\n', '\tconst wait = () => {\n']],
  },
  {
    name: 'a file of the same length has not changed',
    violates: ['files'],
    replaced: [['\t\t\tdev,\n\t\t\tino,\n\t\t\tsize,\n\t\t\tmtimeNs,\n\t\t\tctimeNs\n', '\t\t\tsize\n']],
  },
  {
    name: 'a second write within the resolution of times is not seen',
    violates: ['files'],
    replaced: [['clock.now() - seen.sinceMs >= TIMES_RESOLUTION_MS', 'true']],
  },
  {
    name: 'a version that cannot be used ends what there was',
    violates: ['files', 'outagesEnd'],
    replaced: [
      [
        '\t\t} catch (error) {\n\t\t\trefuse(digest, error);\n\t\t\treturn;',
        '\t\t} catch (error) {\n\t\t\tcurrent = undefined;\n\t\t\trefuse(digest, error);\n\t\t\treturn;',
      ],
    ],
  },
  {
    name: 'a link of a mounted folder is followed once',
    violates: ['files'],
    replaced: [
      [
        'stamp: () => JSON.stringify(all.flatMap(manifestFilesAt).map((name) => [name, stampOf(name)])),',
        'stamp: () => JSON.stringify(all.flatMap(manifestFilesAt)),',
      ],
    ],
  },
]
