import { describe, expect, it } from 'vitest'
import { lineDifferences } from './line-differences.ts'
import type { ServerAnswer } from './recorded-line.ts'

const answer = (more: Partial<ServerAnswer>): ServerAnswer => ({ status: 200, headers: {}, ...more })
const bodies = (there: unknown, here: unknown) =>
  lineDifferences(answer({ body: there, layout: 'line' }), answer({ body: here, layout: 'line' }))
const named = (name: string, more: object = {}): object => ({ metadata: { name }, ...more })

describe('lineDifferences', () => {
  it('finds none between equal answers, whatever the order of members is', () => {
    expect(bodies({ a: 1, b: [{ c: 2 }] }, { b: [{ c: 2 }], a: 1 })).toEqual([])
  })

  it('tells the status alone', () => {
    expect(lineDifferences(answer({ body: 1 }), { ...answer({ body: 2 }), status: 404 })).toEqual([
      { at: 'status', there: 200, here: 404 },
    ])
  })

  it('tells headers, layout, and an answer without an end', () => {
    expect(
      lineDifferences(
        answer({ headers: { allow: 'GET' }, body: {}, layout: 'line' }),
        answer({ body: {}, layout: 'compact', error: 'still open' }),
      ),
    ).toEqual([
      { at: 'header allow', there: 'GET', here: undefined },
      { at: 'layout', there: 'line', here: 'compact' },
      { at: 'end', there: undefined, here: 'still open' },
    ])
  })

  it('compares no body that was left out', () => {
    expect(lineDifferences(answer({ omitted: 'binary' }), answer({ body: 1 }))).toEqual([])
  })

  it.each([
    ['a value', { a: 1 }, { a: 2 }, ['body.a']],
    ['a member', { a: 1 }, {}, ['body.a']],
    ['an element', { a: [1, 2] }, { a: [1, 3] }, ['body.a[]']],
    ['a list of another length', { a: [1] }, { a: [] }, ['body.a']],
    [
      'owners as a whole',
      { managedFields: [{ a: 1 }] },
      { managedFields: [{ a: 2 }] },
      ['body.managedFields'],
    ],
    ['an object in a list', { items: [named('a'), named('b')] }, { items: [named('a')] }, ['body.items[]']],
    [
      'a member of one',
      { items: [named('b', { x: 1 }), named('a')] },
      { items: [named('b'), named('a')] },
      ['body.items[].x'],
    ],
    [
      'their order',
      { items: [named('a'), named('b')] },
      { items: [named('b'), named('a')] },
      ['body.items order'],
    ],
  ])('tells %s', (_, there, here, places) => {
    expect(bodies(there, here).map(({ at }) => at)).toEqual(places)
  })

  it('tells events', () => {
    const event = (type: string): object => ({ type, object: named('a') })
    const found = lineDifferences(
      answer({ events: [event('ADDED'), event('DELETED')] }),
      answer({ events: [event('ADDED')] }),
    )
    expect(found).toEqual([{ at: 'events[]', there: event('DELETED'), here: undefined }])
  })
})
