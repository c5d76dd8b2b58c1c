import { describe, expect, it } from 'vitest'
import { jsonPatch } from './json-patch.ts'

const apply = (target: string, patch: unknown): string => {
  const before: unknown = JSON.parse(target)
  const patched = JSON.stringify(jsonPatch(before, patch))
  expect(JSON.stringify(before)).toBe(target)
  return patched
}
const op = (name: string, path: string, rest: object = {}) => ({ op: name, path, ...rest })

describe('jsonPatch', () => {
  it.each<[string, readonly object[], string]>([
    ['{"a":1}', [op('add', '/b', { value: 2 })], '{"a":1,"b":2}'],
    ['{"a":1}', [op('add', '/a', { value: null })], '{"a":null}'],
    ['{"a":[1,3]}', [op('add', '/a/1', { value: 2 })], '{"a":[1,2,3]}'],
    ['{"a":[1]}', [op('add', '/a/1', { value: 2 })], '{"a":[1,2]}'],
    ['{"a":[1]}', [op('add', '/a/-', { value: [2] })], '{"a":[1,[2]]}'],
    ['{"a":[1,3]}', [op('add', '/a/01', { value: 2 })], '{"a":[1,2,3]}'],
    ['{"a":[1,3]}', [op('add', '/a/+1', { value: 2 })], '{"a":[1,2,3]}'],
    ['{"a":[1,2]}', [op('add', '/a/-1', { value: 3 })], '{"a":[1,2,3]}'],
    ['{"a":[1,2]}', [op('remove', '/a/-1')], '{"a":[1]}'],
    ['{"a":[1,2]}', [op('replace', '/a/-2', { value: 3 })], '{"a":[3,2]}'],
    ['{}', [op('add', '/a')], '{"a":null}'],
    ['{}', [op('replace', '/a', { value: 1 })], '{"a":1}'],
    ['{"a":{}}', [op('replace', '/a/b', { value: 1 })], '{"a":{"b":1}}'],
    [
      '{"a":null}',
      [op('test', '/a', { value: null }), op('test', '/b', { value: null }), op('test', '/b')],
      '{"a":null}',
    ],
    ['{}', [op('copy', '/a', { from: '/x' })], '{"a":null}'],
    ['{"a":[[1],[2]]}', [op('move', '/a/0/0', { from: '/a/0' })], '{"a":[[[1],2]]}'],
    ['{"a~2":1}', [op('remove', '/a~2')], '{}'],
    ['{"a":1}', [op('replace', '', { value: {} })], '{}'],
    ['{"a":1,"b":2}', [op('remove', '/a')], '{"b":2}'],
    ['{"a":[1,2,3]}', [op('remove', '/a/1')], '{"a":[1,3]}'],
    ['{"a":{"b":1}}', [op('replace', '/a/b', { value: 2 })], '{"a":{"b":2}}'],
    ['{"a":{"b":1},"c":{}}', [op('move', '/c/d', { from: '/a/b' })], '{"a":{},"c":{"d":1}}'],
    ['{"a":[1,2,3]}', [op('move', '/a/0', { from: '/a/2' })], '{"a":[3,1,2]}'],
    [
      '{"a":{"b":[1]}}',
      [op('copy', '/c', { from: '/a' }), op('add', '/a/b/-', { value: 2 })],
      '{"a":{"b":[1,2]},"c":{"b":[1]}}',
    ],
    [
      '{"a":{"b":[1,{"c":null}]}}',
      [op('test', '/a', { value: { b: [1, { c: null }] } })],
      '{"a":{"b":[1,{"c":null}]}}',
    ],
    [
      '{"a/b":1,"m~n":2,"":3}',
      [op('remove', '/a~1b'), op('test', '/m~0n', { value: 2 }), op('remove', '/')],
      '{"m~n":2}',
    ],
    ['{"~1":1}', [op('remove', '/~01')], '{}'],
    [
      '{}',
      [op('add', '/__proto__', { value: { polluted: 1 } }), op('add', '/constructor', { value: 1 })],
      '{"__proto__":{"polluted":1},"constructor":1}',
    ],
    ['{"__proto__":{"a":1}}', [op('replace', '/__proto__/a', { value: 2 })], '{"__proto__":{"a":2}}'],
    ['{}', [], '{}'],
  ])('of %s and %j is %s', (target, patch, patched) => {
    expect(apply(target, patch)).toBe(patched)
    expect({}).not.toHaveProperty('polluted')
  })

  it.each<[number, readonly unknown[]]>([
    [422, [op('remove', '/x')]],
    [422, [op('remove', '')]],
    [422, [op('add', '', { value: {} })]],
    [422, [op('replace', '', { value: 1 })]],
    [422, [op('replace', '/x/y', { value: 1 })]],
    [422, [op('replace', '/list/3', { value: 1 })]],
    [422, [op('replace', '/list/-4', { value: 1 })]],
    [422, [op('add', '/list/-5', { value: 1 })]],
    [422, [op('remove', '/list/-4')]],
    [422, [op('copy', '/a', { from: '/list/3' })]],
    [422, [op('test', '/list/3', { value: null })]],
    [422, [op('test', '/x', { value: 0 })]],
    [422, [op('remove', '/list/3')]],
    [422, [op('remove', '/list/-')]],
    [422, [op('remove', '/list/length')]],
    [422, [op('add', '/list/4', { value: 1 })]],
    [422, [op('add', '/list/1e0', { value: 1 })]],
    [422, [op('add', '/x/y', { value: 1 })]],
    [422, [op('add', '/text/y', { value: 1 })]],
    [422, [op('add', '/toString/y', { value: 1 })]],
    [422, [op('add', '/__proto__/y', { value: 1 })]],
    [422, [op('add', 'a', { value: 1 })]],
    [422, [op('move', '/a', { from: '/x' })]],
    [422, [op('move', '/a')]],
    [422, [op('move', '/list/a', { from: '/list' })]],
    [422, [op('test', '/text', { value: 'y' })]],
    [422, [op('test', '/list', { value: [1, 2] })]],
    [422, [op('test', '/object', { value: { a: 1, b: 2 } })]],
    [422, [op('test', '/text')]],
    [422, [op('insert', '/a', { value: 1 })]],
    [422, [op('', '')]],
    [422, [{ op: 'add' }]],
    [422, [{ op: 1, path: '/a' }]],
    [400, [1]],
    [400, [null]],
    [400, [[]]],
  ])('is refused with %i: %j', (status, patch) => {
    const target = { list: [1, 2, 3], text: 'x', object: { a: 1 } }
    expect(() => jsonPatch(target, patch)).toThrow(expect.objectContaining({ status }))
    expect(target).toEqual({ list: [1, 2, 3], text: 'x', object: { a: 1 } })
  })

  it.each([[{}], ['x'], [null], [{ op: 'add', path: '/a', value: 1 }]])('%j is no patch', (patch) => {
    expect(() => jsonPatch({}, patch)).toThrow(expect.objectContaining({ status: 400 }))
  })

  it('has at most 10,000 operations', () => {
    const patch = Array.from({ length: 10_000 }, () => op('test', '', { value: {} }))
    expect(jsonPatch({}, patch)).toEqual({})
    expect(() => jsonPatch({}, [...patch, patch[0]])).toThrow(
      'The allowed maximum operations in a JSON patch is 10000, got 10001',
    )
  })

  it('cannot grow an object without end, nor move a long list about all the time', () => {
    const doubled = Array.from({ length: 100 }, (_, index) => op('copy', `/a/${index}`, { from: '/a' }))
    expect(() => jsonPatch({ a: {} }, doubled)).toThrow('the patch copies too much')
    const a = Array.from({ length: 100_000 }, () => 0)
    const moved = Array.from({ length: 1000 }, () => op('add', '/a/0', { value: 0 }))
    expect(() => jsonPatch({ a }, moved)).toThrow('the patch changes long lists too often')
    expect(a.length).toBe(100_000)
  })

  const parts = Array.from({ length: 100 }, (_, index) => `${100 + index}`.repeat(3300))
  it.each([
    ['a string', parts.join('')],
    ['strings in a list', parts],
    ['strings in an object', Object.fromEntries(parts.entries())],
    ['names in an object', Object.fromEntries(parts.map((part) => [part, 1]))],
  ])('copies 3 MiB at most, together: %s of a megabyte three times', (_, a) => {
    const copies = ['/b', '/c', '/d', '/e'].map((path) => op('copy', path, { from: '/a' }))
    expect(jsonPatch({ a }, copies.slice(0, 3))).toEqual({ a, b: a, c: a, d: a })
    expect(() => jsonPatch({ a }, copies)).toThrow('the patch copies too much')
  })

  it('shows the beginning of a long path in a refusal', () => {
    const path = `/${'x'.repeat(300)}`
    expect(() => jsonPatch({}, [op('remove', path)])).toThrow(`${path.slice(0, 256)}...`)
  })

  it('cannot make an object deeper without end', () => {
    const copied = Array.from({ length: 12 }, (_, index) => op('copy', '/a'.repeat(2 ** index), { from: '' }))
    expect(() => jsonPatch({}, copied)).toThrow('the patch makes the object too deep')
    const moved = Array.from({ length: 2000 }, (_, index) => [
      op('add', `/${index + 1}`, { value: { a: { b: {} } } }),
      op('move', `/${index + 1}/a/b/c`, { from: `/${index}` }),
    ])
    expect(() => jsonPatch({ 0: {} }, moved.flat())).toThrow('the patch makes the object too deep')
    const names = Array.from({ length: 2000 }, (_, index) => `k${index}`)
    const lower = names.map((name) => op('move', `/metadata/annotations/${name}`, { from: `/data/${name}` }))
    const data = Object.fromEntries(names.map((name) => [name, 'x']))
    const before = { data, metadata: { annotations: {} } }
    expect(jsonPatch(before, lower)).toEqual({ data: {}, metadata: { annotations: data } })
    const there = Array.from({ length: 2000 }, () => [
      op('move', '/b', { from: '/a' }),
      op('copy', '/a', { from: '/b' }),
      op('remove', '/b'),
    ])
    expect(jsonPatch({ a: { c: 1 } }, there.flat())).toEqual({ a: { c: 1 } })
  })

  it('does all or nothing, and shows no value in a refusal', () => {
    const target = { data: { password: 'hunter2' } }
    const patch = [op('remove', '/data/password'), op('test', '/data', { value: { password: 'hunter3' } })]
    expect(() => jsonPatch(target, patch)).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('hunter') as unknown }),
    )
    expect(target).toEqual({ data: { password: 'hunter2' } })
  })
})
