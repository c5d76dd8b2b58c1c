import type { Planted } from './planted.ts'

/** Mistakes in what roles grant, and in which service accounts are there. */
export const plantedInRoles: readonly Planted[] = [
  {
    name: 'an old copy decides what roles grant',
    violates: ['copies'],
    replaced: [
      [
        'return error === void 0 ? policy.authorize(attributes, context) : noOpinion("", error);',
        'return policy.authorize(attributes, context);',
      ],
    ],
  },
  {
    name: 'it is not known what roles grant, and that is told as nothing',
    violates: ['copies'],
    replaced: [
      [
        'policy.authorize(attributes, context) : noOpinion("", error);',
        'policy.authorize(attributes, context) : noOpinion("");',
      ],
    ],
  },
  {
    name: 'roles and accounts do not learn what their replica has written',
    violates: ['copies', 'revokedIsRefused'],
    replaced: [['for (const each of caches) each.learn(written);', '']],
  },
  {
    name: 'a replica does not learn what it has deleted',
    violates: ['copies', 'errors'],
    replaced: [
      [
        'delete: (...given) => learnt(store.delete(...given))',
        'delete: (...given) => store.delete(...given)',
      ],
    ],
  },
  {
    name: 'a replica does not learn what it has updated',
    violates: ['copies'],
    replaced: [
      [
        'update: (key, value, revision, lifetime) => learnt(store.update(',
        'update: (key, value, revision, lifetime) => (store.update(',
      ],
    ],
  },
  {
    name: 'a change takes back nothing of what was there',
    violates: ['copies'],
    replaced: [['\tif (before !== void 0) takeBack(index, before, after === void 0);\n', '']],
  },
  {
    name: 'a role that was deleted grants on',
    violates: ['copies'],
    replaced: [['\telse if (isDeleted) index.deleteRole(value);\n', '']],
  },
  {
    name: 'a deleted role keeps its rules for its bindings',
    violates: ['copies'],
    replaced: [['\t\tthis.#change(known, this.#missing(name));\n', '']],
  },
  {
    name: 'a binding that was deleted grants on',
    violates: ['copies'],
    replaced: [
      [
        'if (known instanceof SubjectGrants ? known.isEmpty : known?.position === position) subjects.delete(key);',
        'if (known instanceof SubjectGrants && known.isEmpty) subjects.delete(key);',
      ],
    ],
  },
  {
    name: 'a binding that was created again is removed as the one before',
    violates: ['copies'],
    replaced: [['index.removeBinding(value, createdRevision);', 'index.removeBinding(value, 0);']],
  },
  {
    name: 'a role that is created again is not that of its bindings',
    violates: ['copies'],
    replaced: [
      [
        'if (known?.bindings === 0 && typeof known.rules === "string")',
        'if (typeof known?.rules === "string")',
      ],
    ],
  },
  {
    name: 'a role keeps the rules that it had first',
    violates: ['copies'],
    replaced: [
      [
        '\t\tthis.#searchable = rules.some(isLong)',
        '\t\tthis.#searchable = this.#searchable.length > 0 ? this.#searchable : rules.some(isLong)',
      ],
    ],
  },
  {
    name: 'a role without rules keeps those that it had',
    violates: ['copies'],
    replaced: [
      [
        '\t\tthis.#searchable = rules.some(isLong)',
        '\t\tif (rules.length > 0) this.#searchable = rules.some(isLong)',
      ],
    ],
  },
  {
    name: 'an old copy decides which accounts are there',
    violates: ['copies'],
    replaced: [
      [
        'throw unavailable(problem, { retryAfterSeconds: RETRY_SECONDS });\n\t\t\treturn canBe(',
        '{}\n\t\t\treturn canBe(',
      ],
    ],
  },
]
