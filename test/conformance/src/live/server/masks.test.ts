import { describe, expect, it } from 'vitest'
import { maskJson, maskText } from './masks.ts'

const UID = '0f8fad5b-d9cb-469f-a165-70867728950e'

describe('maskText', () => {
  it.each([
    [`uid ${UID}`, 'uid <uid>'],
    ['uid 00000000-d9cb-469f-a165-70867728950e', 'uid 00000000-d9cb-469f-a165-70867728950e'],
    ['at 2026-01-02T03:04:05Z', 'at <time>'],
    ['at 2026-01-02T03:04:05.000006Z', 'at <time>'],
    ['"resourceVersion":"12"', '"resourceVersion":"<rv>"'],
    ['too old resource version: 1 (2)', 'too old resource version: <rv> (<rv>)'],
    ['s1-gen-bcdfg', 's1-gen-<random>'],
    ['s1-gen-abcde', 's1-gen-abcde'],
    ['RBAC: [b, a]', 'RBAC: [a, b]'],
    ['127.0.3.1:6443', '<host>'],
  ])('%s', (text, masked) => {
    expect(maskText(text)).toBe(masked)
  })
})

describe('maskJson', () => {
  it('masks what the server makes, and only where it makes it', () => {
    const uid = 'x'
    expect(
      maskJson({
        metadata: { uid, resourceVersion: '5', continue: '' },
        involvedObject: { uid },
        token: 'short',
      }),
    ).toEqual({
      metadata: { uid: '<uid>', resourceVersion: '<resourceVersion>', continue: '' },
      involvedObject: { uid },
      token: 'short',
    })
  })

  it('sorts what has no order', () => {
    const conflict = (field: string): object => ({ reason: 'FieldManagerConflict', message: 'm', field })
    expect(
      maskJson({
        managedFields: [{ manager: 'b' }, { manager: 'a' }],
        causes: [conflict('y'), conflict('x')],
        evaluationError: 'b, a, b',
      }),
    ).toEqual({
      managedFields: [{ manager: 'a' }, { manager: 'b' }],
      causes: [conflict('x'), conflict('y')],
      evaluationError: 'a, b',
    })
  })

  it('masks ages in tables', () => {
    const table = (age: string): object => ({
      kind: 'Table',
      columnDefinitions: [{ name: 'Name' }, { name: 'Age' }],
      rows: [{ cells: ['a', age] }],
    })
    expect(maskJson(table('3s'))).toEqual(table('<age>'))
  })

  it('keeps a member that is called __proto__', () => {
    expect(JSON.stringify(maskJson(JSON.parse('{"__proto__":{"a":1}}')))).toBe('{"__proto__":{"a":1}}')
  })
})
