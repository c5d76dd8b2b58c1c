import { afterEach, describe, expect, it, vi } from 'vitest'
import type { StoreChange } from '@kube-authn/store'
import { seenChanges } from './watch-objects.ts'
import type { Selects } from './selectors.ts'

afterEach(() => void vi.restoreAllMocks())

function valueOf(app: string, rest = ''): string {
  return JSON.stringify({ kind: 'Secret', apiVersion: 'v1', metadata: { name: 'a', labels: { app } }, rest })
}

function changeOf(revision: number, given: Partial<StoreChange> = {}): StoreChange {
  const key = '/registry/secrets/shop/a'
  return { type: 'created', key, value: valueOf('web'), revision, createdRevision: revision, ...given }
}

const isWeb: Selects = ({ metadata }) => metadata.labels?.['app'] === 'web'
const isDatabase: Selects = ({ metadata }) => metadata.labels?.['app'] === 'db'

describe('a change', () => {
  it.each<[string, Partial<StoreChange>, Selects | undefined, unknown]>([
    ['created', { type: 'created' }, undefined, ['ADDED', 'web']],
    ['created, selected', { type: 'created' }, isWeb, ['ADDED', 'web']],
    ['created, not selected', { type: 'created' }, isDatabase, undefined],
    ['deleted', { type: 'deleted' }, undefined, ['DELETED', 'web']],
    ['deleted, selected', { type: 'deleted' }, isWeb, ['DELETED', 'web']],
    ['deleted, not selected', { type: 'deleted' }, isDatabase, undefined],
    ['updated', { type: 'updated', previous: valueOf('db') }, undefined, ['MODIFIED', 'web']],
    [
      'updated, selected as before',
      { type: 'updated', previous: valueOf('web') },
      isWeb,
      ['MODIFIED', 'web'],
    ],
    ['updated, now selected', { type: 'updated', previous: valueOf('db') }, isWeb, ['ADDED', 'web']],
    [
      'updated, no longer selected',
      { type: 'updated', previous: valueOf('db') },
      isDatabase,
      ['DELETED', 'db'],
    ],
    ['updated, never selected', { type: 'updated', previous: valueOf('x') }, isDatabase, undefined],
  ])('that is %s', (_, given, selects, expected) => {
    const event = seenChanges()(changeOf(7, given), selects)
    const labels = event?.object.metadata.labels
    expect(event && [event.type, labels?.['app']]).toEqual(expected)
    if (event !== undefined) expect(event.object.metadata.resourceVersion).toBe('7')
  })

  it('is parsed once for 1,000 watchers, whatever they select, also if the store makes an object for each', () => {
    const parse = vi.spyOn(JSON, 'parse')
    const seen = seenChanges()
    const events = Array.from({ length: 1000 }, (_, index) => {
      const change = changeOf(7, { type: 'updated', previous: valueOf('db') })
      return seen(change, [undefined, isWeb, isDatabase][index % 3])
    })
    expect(parse).toHaveBeenCalledTimes(2)
    expect(new Set(events).size).toBe(3)
  })

  it('is parsed without the value before if nothing is selected', () => {
    const parse = vi.spyOn(JSON, 'parse')
    seenChanges()(changeOf(7, { type: 'updated', previous: valueOf('db') }), undefined)
    expect(parse).toHaveBeenCalledTimes(1)
  })

  it('of another key is another one, even if its revision is the same', () => {
    const seen = seenChanges()
    seen(changeOf(7), undefined)
    const other = seen(changeOf(7, { key: '/registry/secrets/shop/b', value: valueOf('db') }), undefined)
    expect(other?.object.metadata.labels).toEqual({ app: 'db' })
    expect(seen(changeOf(7), undefined)?.object.metadata.labels).toEqual({ app: 'web' })
  })

  it('is remembered while the latest ones are short, and large ones do not pile up', () => {
    const parse = vi.spyOn(JSON, 'parse')
    const seen = seenChanges()
    for (let revision = 1; revision <= 1000; revision++) seen(changeOf(revision), undefined)
    for (let revision = 1; revision <= 1000; revision++) seen(changeOf(revision), undefined)
    expect(parse).toHaveBeenCalledTimes(1000)
    const large = valueOf('web', 'x'.repeat(1_000_000))
    for (let revision = 2001; revision <= 2010; revision++)
      seen(changeOf(revision, { value: large }), undefined)
    parse.mockClear()
    seen(changeOf(2010, { value: large }), undefined)
    seen(changeOf(2009, { value: large }), undefined)
    expect(parse).toHaveBeenCalledTimes(0)
    seen(changeOf(2008, { value: large }), undefined)
    seen(changeOf(1000), undefined)
    expect(parse).toHaveBeenCalledTimes(2)
  })

  it('larger than all that is remembered is still parsed once while it is the latest', () => {
    const parse = vi.spyOn(JSON, 'parse')
    const seen = seenChanges()
    const value = valueOf('web', 'x'.repeat(3_000_000))
    for (let watcher = 0; watcher < 10; watcher++) seen(changeOf(1, { value }), undefined)
    expect(parse).toHaveBeenCalledTimes(1)
  })

  it('whose value is not an object is an error for each watcher', () => {
    const seen = seenChanges()
    for (let watcher = 0; watcher < 2; watcher++) {
      expect(() => seen(changeOf(1, { value: '"x"' }), undefined)).toThrow(
        'an object in the store is not one',
      )
    }
  })
})
