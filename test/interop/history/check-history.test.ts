import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkHistory, keyProblems } from './check-history.ts'
import type { Asked, Operation, Outcome, SeenChange, SeenList, SeenObject } from './operation.ts'

const UNKNOWN: Outcome = { type: 'unknown' }
const KEY = '/k'

const object = (value: string, revision: number, createdRevision = 1): SeenObject => ({
  value,
  revision,
  createdRevision,
})
const ok = (seen: SeenObject | undefined, revision = seen?.revision ?? 0): Outcome => ({
  type: 'ok',
  object: seen,
  revision,
})
const refused = (code: Extract<Outcome, { readonly type: 'refused' }>['code']): Outcome => ({
  type: 'refused',
  code,
})

const create = (value: string): Asked => ({ type: 'create', key: KEY, value })
const update = (value: string, revision: number): Asked => ({ type: 'update', key: KEY, value, revision })
const remove = (revision: number): Asked => ({ type: 'delete', key: KEY, revision })
const get: Asked = { type: 'get', key: KEY }

/** Operations as `[begin, end, asked, outcome]`. */
type Row = readonly [begin: number, end: number, asked: Asked, outcome: Outcome]
const operationsOf = (rows: readonly Row[]): readonly Operation[] =>
  rows.map(([begin, end, asked, outcome]) => ({ begin, end, asked, outcome }))

const created = (value: string, revision: number): SeenChange => ({
  ...object(value, revision, revision),
  type: 'created',
  key: KEY,
  previous: undefined,
})
const updated = (value: string, revision: number, previous: string, createdRevision = 1): SeenChange => ({
  ...object(value, revision, createdRevision),
  type: 'updated',
  key: KEY,
  previous,
})
const deleted = (value: string, revision: number, createdRevision = 1): SeenChange => ({
  ...object(value, revision, createdRevision),
  type: 'deleted',
  key: KEY,
  previous: undefined,
})

const WRITTEN: Row = [1, 2, create('a'), ok(object('a', 1))]

describe('one key', () => {
  it.each<[string, readonly Row[]]>([
    ['of which nothing is known', []],
    [
      'that is read before and after it is created',
      [
        [1, 2, get, ok(undefined)],
        [3, 4, create('a'), ok(object('a', 1))],
        [5, 6, get, ok(object('a', 1))],
      ],
    ],
    [
      'that is read while it is changed, one way',
      [WRITTEN, [3, 8, update('b', 1), ok(object('b', 2))], [4, 5, get, ok(object('a', 1))]],
    ],
    [
      'that is read while it is changed, the other way',
      [WRITTEN, [3, 8, update('b', 1), ok(object('b', 2))], [4, 5, get, ok(object('b', 2))]],
    ],
    [
      'whose change without an answer was made late',
      [
        WRITTEN,
        [3, 4, update('b', 1), UNKNOWN],
        [5, 6, get, ok(object('a', 1))],
        [7, 8, get, ok(object('b', 2))],
        [9, 10, update('c', 2), ok(object('c', 3))],
      ],
    ],
    [
      'whose change without an answer was never made',
      [
        WRITTEN,
        [3, 4, update('b', 1), UNKNOWN],
        [5, 6, update('c', 1), ok(object('c', 2))],
        [7, 8, get, ok(object('c', 2))],
      ],
    ],
    [
      'whose deletion without an answer is noticed',
      [WRITTEN, [3, 4, remove(1), UNKNOWN], [5, 6, create('b'), ok(object('b', 3, 3))]],
    ],
    [
      'whose change is refused after another',
      [
        WRITTEN,
        [3, 9, update('b', 1), ok(object('b', 2))],
        [4, 10, update('c', 1), refused('revisionConflict')],
      ],
    ],
    [
      'that is gone',
      [
        WRITTEN,
        [3, 4, remove(1), ok(undefined, 2)],
        [5, 6, update('b', 1), refused('objectNotFound')],
        [7, 8, remove(1), refused('objectNotFound')],
        [9, 10, get, ok(undefined)],
      ],
    ],
    ['that is there', [WRITTEN, [3, 4, create('b'), refused('objectExists')]]],
  ])('%s', (_, rows) => {
    expect(keyProblems({ operations: operationsOf(rows) })).toEqual([])
  })

  it.each<[string, readonly Row[]]>([
    [
      'a lost update: two changes of the same revision',
      [WRITTEN, [3, 6, update('b', 1), ok(object('b', 2))], [4, 7, update('c', 1), ok(object('c', 3))]],
    ],
    [
      'a lost creation: two of one key',
      [
        [1, 4, create('a'), ok(object('a', 1))],
        [2, 5, create('b'), ok(object('b', 2, 2))],
      ],
    ],
    ['a stale read', [WRITTEN, [3, 4, update('b', 1), ok(object('b', 2))], [5, 6, get, ok(object('a', 1))]]],
    [
      'a read that goes back',
      [
        WRITTEN,
        [3, 9, update('b', 1), ok(object('b', 2))],
        [4, 5, get, ok(object('b', 2))],
        [6, 7, get, ok(object('a', 1))],
      ],
    ],
    ['an acknowledged creation that is gone', [WRITTEN, [3, 4, get, ok(undefined)]]],
    [
      'an acknowledged deletion that is undone',
      [WRITTEN, [3, 4, remove(1), ok(undefined, 2)], [5, 6, get, ok(object('a', 1))]],
    ],
    [
      'a change that was made twice',
      [
        WRITTEN,
        [3, 4, update('b', 1), UNKNOWN],
        [5, 6, get, ok(object('b', 2))],
        [7, 8, update('c', 2), ok(object('c', 3))],
        [9, 10, get, ok(object('b', 4))],
      ],
    ],
    [
      'a change without an answer that is made, and then not',
      [
        WRITTEN,
        [3, 4, update('b', 1), UNKNOWN],
        [5, 6, get, ok(object('b', 2))],
        [7, 8, get, ok(object('a', 1))],
      ],
    ],
    ['a refused change that was made', [WRITTEN, [3, 4, update('b', 1), refused('revisionConflict')]]],
    ['a refusal for an object that is not there', [[1, 2, create('a'), refused('objectExists')]]],
    ['a value that was never written', [WRITTEN, [3, 4, get, ok(object('z', 1))]]],
    [
      'a change before it was asked for',
      [WRITTEN, [3, 4, get, ok(object('b', 2))], [5, 6, update('b', 1), ok(object('b', 2))]],
    ],
    [
      'a revision that is not greater',
      [WRITTEN, [3, 4, remove(1), ok(undefined, 5)], [5, 6, create('b'), ok(object('b', 4, 4))]],
    ],
    ['another creation of the same object', [WRITTEN, [3, 4, get, ok(object('a', 1, 0))]]],
  ])('%s is found', (_, rows) => {
    expect(keyProblems({ operations: operationsOf(rows) })).toHaveLength(1)
  })

  it('is decided soon, with many changes at once and many without an answer', () => {
    const rows = Array.from({ length: 200 }, (_, index): Row =>
      index % 2 === 0
        ? [index, index + 40.5, update(`v${index}`, index), UNKNOWN]
        : [index, index + 20.25, get, ok(undefined)],
    )
    expect(keyProblems({ operations: operationsOf(rows) })).toEqual([])
  })

  it('has no problem if each operation took effect between its beginning and its end', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ pick: fc.nat(5), early: fc.nat(40), late: fc.nat(40), isLost: fc.boolean() })),
        (steps) => {
          expect(keyProblems({ operations: executed(steps) })).toEqual([])
        },
      ),
    )
  })

  it('has a problem if one read is of a value before the last', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 30 }), (length) => {
        const rows = Array.from({ length }, (_, index): Row =>
          index === 0
            ? WRITTEN
            : [2 * index + 1, 2 * index + 2, update(`${index}`, index), ok(object(`${index}`, index + 1))],
        )
        const stale = length === 2 ? object('a', 1) : object(`${length - 2}`, length - 1)
        const read: Row = [2 * length + 1, 2 * length + 2, get, ok(stale)]
        expect(keyProblems({ operations: operationsOf([...rows, read]) })).toHaveLength(1)
      }),
    )
  })
})

/** What a store without faults does at the moments 100, 200 and so on, with operations that begin earlier and end later. */
function executed(
  steps: readonly {
    readonly pick: number
    readonly early: number
    readonly late: number
    readonly isLost: boolean
  }[],
): readonly Operation[] {
  let current: SeenObject | undefined
  let last = 0
  return steps.map(({ pick, early, late, isLost }, index) => {
    const at = 100 * (index + 1)
    const revision = last + 1
    const value = `v${index}`
    const guessed = pick % 2 === 0 ? (current?.revision ?? 1) : last
    const asked =
      [get, create(value), update(value, guessed), update(value, guessed), remove(guessed), get][pick] ?? get
    let outcome: Outcome
    if (asked.type === 'get') outcome = ok(current)
    else if (asked.type === 'create' && current !== undefined) outcome = refused('objectExists')
    else if (asked.type !== 'create' && current === undefined) outcome = refused('objectNotFound')
    else if (asked.type !== 'create' && current?.revision !== asked.revision)
      outcome = refused('revisionConflict')
    else {
      last = revision
      const createdRevision = asked.type === 'create' ? revision : (current?.createdRevision ?? 0)
      current = asked.type === 'delete' ? undefined : { value, revision, createdRevision }
      outcome = ok(current, revision)
    }
    const isUnknown = isLost && asked.type !== 'get'
    return {
      asked,
      outcome: isUnknown ? UNKNOWN : outcome,
      // Operations overlap with up to four neighbours on each side.
      begin: at - early * 10 - index / 1000,
      end: at + late * 10 + index / 1000,
    }
  })
}

const GOOD: readonly Row[] = [
  WRITTEN,
  [3, 4, update('b', 1), ok(object('b', 2))],
  [5, 6, remove(2), ok(undefined, 3)],
  [7, 8, create('c'), UNKNOWN],
]
const TOLD = [created('a', 1), updated('b', 2, 'a'), deleted('b', 3), created('c', 4)]

describe('watches', () => {
  const problems = (
    watches: readonly (readonly SeenChange[])[],
    rows: readonly Row[] = GOOD,
    lists: readonly SeenList[] = [],
  ): readonly string[] => checkHistory({ operations: operationsOf(rows), watches, lists })

  it.each([
    ['a change without an answer', TOLD],
    ['none for a change without an answer', TOLD.slice(0, 3)],
  ])('may tell of %s', (_, told) => {
    expect(problems([told, told, told])).toEqual([])
  })

  it.each<[string, readonly SeenChange[]]>([
    ['leave an acknowledged change out', [TOLD[0]!, TOLD[1]!, TOLD[3]!]],
    ['tell of a change twice', [...TOLD, TOLD[3]!]],
    ['tell of a change in another order', [TOLD[1]!, TOLD[0]!, TOLD[2]!, TOLD[3]!]],
    ['tell of a change that was made twice', [...TOLD, updated('b', 5, 'c', 4)]],
    ['tell of a change that was not asked for', [...TOLD, updated('z', 5, 'c', 4)]],
    ['tell of another value', [created('z', 1), updated('b', 2, 'z'), ...TOLD.slice(2)]],
    ['tell of another revision', [...TOLD.slice(0, 2), deleted('b', 4), created('c', 5)]],
    ['tell of another value before', [TOLD[0]!, updated('b', 2, 'z'), ...TOLD.slice(2)]],
    ['tell of another creation', [TOLD[0]!, updated('b', 2, 'a', 2), ...TOLD.slice(2)]],
  ])('must not %s', (_, told) => {
    expect(problems([told])).not.toEqual([])
  })

  it('must tell all replicas the same', () => {
    expect(problems([TOLD, TOLD.slice(0, 3), TOLD])).toHaveLength(1)
    expect(problems([TOLD.slice(0, 3), TOLD])).toHaveLength(1)
  })

  it('must not tell of a change that was refused', () => {
    expect(problems([TOLD], [...GOOD.slice(0, 3), [7, 8, create('c'), refused('objectExists')]])).not.toEqual(
      [],
    )
  })

  it('must not acknowledge a revision twice', () => {
    expect(problems([TOLD], [...GOOD, [9, 10, remove(4), ok(undefined, 3)]])).not.toEqual([])
  })

  const other: Asked = { type: 'create', key: '/other', value: 'o' }
  it('must be in the order of time, over all keys', () => {
    const rows: readonly Row[] = [
      [1, 2, create('a'), ok(object('a', 2, 2))],
      [3, 4, other, ok(object('o', 1, 1))],
    ]
    const told: readonly SeenChange[] = [{ ...created('o', 1), key: '/other' }, created('a', 2)]
    expect(problems([told], rows)).toHaveLength(1)
    // At the same time, any order is right.
    expect(problems([told], [[1, 5, create('a'), ok(object('a', 2, 2))], rows[1]!])).toEqual([])
    // Also if the answer was lost.
    expect(problems([told], [rows[0]!, [3, 4, other, UNKNOWN]])).toHaveLength(1)
  })

  const list = (revision: number, objects: readonly SeenObject[], begin = 9): SeenList => ({
    prefix: '/',
    objects: objects.map((each) => ({ ...each, key: KEY })),
    revision,
    begin,
    end: begin + 1,
  })
  it('must agree with lists', () => {
    expect(problems([TOLD], GOOD, [list(4, [object('c', 4, 4)]), list(3, [])])).toEqual([])
    expect(problems([TOLD], GOOD, [list(4, [])])).toHaveLength(1)
    expect(problems([TOLD], GOOD, [list(4, [object('a', 1)])])).toHaveLength(1)
    expect(problems([TOLD], GOOD, [list(3, [object('c', 4, 4)])])).toHaveLength(1)
  })

  it('must agree with lists that are not older than what was known before', () => {
    expect(problems([TOLD], GOOD, [list(2, [object('b', 2)], 6.5)])).toHaveLength(1)
    expect(problems([TOLD], GOOD, [list(2, [object('b', 2)], 4.5)])).toEqual([])
    expect(
      problems([TOLD], GOOD, [list(3, []), list(4, [object('c', 4, 4)], 7.1), list(3, [], 20)]),
    ).not.toEqual([])
  })
})
