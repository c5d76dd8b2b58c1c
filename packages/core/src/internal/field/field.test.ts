import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { expectLinearWork } from '../../../../../test/growth.ts'
import { cpuSecondsOf } from '../../../../../test/cpu-seconds.ts'
import { ConfigurationError } from '../../authenticator/errors.ts'
import { errorList } from './errors.ts'
import {
  dns1123LabelProblems,
  dns1123SubdomainProblems,
  domainPrefixedPathProblems,
  labelValueProblems,
  pathSegmentProblems,
  qualifiedNameProblems,
} from '@kube-authn/internal/kubernetes-names'
import { fieldPath } from './path.ts'
import { readObject } from './reader.ts'

describe('fieldPath', () => {
  it('prints members, positions and keys as Kubernetes does', () => {
    const path = fieldPath('jwt').index(0).child('claimMappings').child('extra').key('a.b/c')
    expect(String(path)).toBe('jwt[0].claimMappings.extra[a.b/c]')
    expect(String(fieldPath())).toBe('')
    expect(String(fieldPath().child('kind'))).toBe('kind')
  })
})

describe('errorList', () => {
  const path = fieldPath('spec', 'x')

  it.each([
    ['required', (list: ReturnType<typeof errorList>) => list.required(path), 'spec.x: Required value'],
    [
      'invalid',
      (list: ReturnType<typeof errorList>) => list.invalid(path, 'a"', 'no'),
      'spec.x: Invalid value: "a\\"": no',
    ],
    [
      'invalid, a list',
      (list: ReturnType<typeof errorList>) => list.invalid(path, ['/*'], 'no'),
      'spec.x: Invalid value: ["/*"]: no',
    ],
    [
      'not supported',
      (list: ReturnType<typeof errorList>) => list.notSupported(path, 'c', ['a', 'b']),
      'spec.x: Unsupported value: "c": supported values: "a", "b"',
    ],
    [
      'duplicate',
      (list: ReturnType<typeof errorList>) => list.duplicate(path, 'a'),
      'spec.x: Duplicate value: "a"',
    ],
    [
      'forbidden',
      (list: ReturnType<typeof errorList>) => list.forbidden(path, 'not here'),
      'spec.x: Forbidden: not here',
    ],
    [
      'too long',
      (list: ReturnType<typeof errorList>) => list.tooLong(path, 3),
      'spec.x: Too long: may not be more than 3 bytes',
    ],
    [
      'too many',
      (list: ReturnType<typeof errorList>) => list.tooMany(path, 5, 3),
      'spec.x: Too many: 5: must have at most 3 items',
    ],
    ['unknown', (list: ReturnType<typeof errorList>) => list.unknown(path), 'spec.x: Unknown field'],
  ])('prints what is %s', (_, add, expected) => {
    const list = errorList()
    add(list)
    expect(list.toString()).toBe(expected)
  })

  it('prints several in brackets and equal ones once', () => {
    const list = errorList()
    list.required(path)
    list.required(path)
    list.required(fieldPath('spec', 'y'))
    expect(list.toString()).toBe('[spec.x: Required value, spec.y: Required value]')
  })

  it('throws everything at once, and says in which object it was', () => {
    const inner = errorList()
    inner.required(path)
    const list = errorList()
    list.addAll(inner.errors, 'Role "r"')
    expect(() => list.throwIfAny()).toThrow(ConfigurationError)
    expect(() => list.throwIfAny()).toThrow('Role "r": spec.x: Required value')
    expect(list.errors[0]?.field).toBe('spec.x')
  })

  it('does not repeat a value of any length', () => {
    const list = errorList()
    list.invalid(path, 'a'.repeat(10_000), 'no')
    expect(list.toString().length).toBeLessThan(400)
  })
})

describe('readObject', () => {
  it('reads what is absent or null as empty', () => {
    const errors = errorList()
    const reader = readObject({ a: null }, fieldPath(), errors)
    expect([reader?.string('a'), reader?.strings('b'), reader?.object('c'), reader?.objects('d')]).toEqual([
      '',
      [],
      undefined,
      [],
    ])
    expect(reader?.has('a')).toBe(false)
    expect(errors.errors).toEqual([])
  })

  it('reports wrong types at their fields, and unknown fields', () => {
    const errors = errorList()
    const reader = readObject(
      { a: 1, b: ['x', true], c: 'no', d: [{}, 5], e: { f: 1 }, g: 0 },
      fieldPath('o'),
      errors,
    )
    reader?.string('a')
    reader?.strings('b')
    reader?.strings('c')
    reader?.objects('d')
    reader?.stringMap('e')
    reader?.end()
    expect(errors.errors.map(({ field, type }) => `${field} ${type}`)).toEqual([
      'o.a TypeInvalid',
      'o.b[1] TypeInvalid',
      'o.c TypeInvalid',
      'o.d[1] TypeInvalid',
      'o.e[f] TypeInvalid',
      'o.g Unknown',
    ])
  })

  it('reads what is true or false, and nothing like it', () => {
    const errors = errorList()
    const reader = readObject({ a: true, b: false, c: null, d: 'true', e: 1 }, fieldPath(), errors)
    expect(['a', 'b', 'c', 'd', 'e', 'f'].map((name) => reader?.boolean(name))).toEqual([
      true,
      false,
      false,
      false,
      false,
      false,
    ])
    expect(errors.errors.map(({ field }) => field)).toEqual(['d', 'e'])
  })

  it('does not repeat an unknown name that is none', () => {
    const errors = errorList()
    readObject({ 'token:secret': null, ['x'.repeat(65)]: 1, 'a\nb': 1 }, fieldPath('user'), errors)?.end()
    expect(errors.toString()).toBe('user.?: Unknown field')
  })

  it('names all fields, of which a prototype has none', () => {
    const reader = readObject(JSON.parse('{"a": 1, "__proto__": 2}'), fieldPath(), errorList())
    expect(reader?.names()).toEqual(['a', '__proto__'])
  })

  it('takes nothing from a prototype', () => {
    const errors = errorList()
    const reader = readObject(JSON.parse('{"__proto__": {"name": "x"}}'), fieldPath(), errors)
    expect(reader?.string('name')).toBe('')
    expect(reader?.string('constructor')).toBe('')
    reader?.end()
    expect(errors.toString()).toBe('__proto__: Unknown field')
  })
})

describe('errorList with what is hostile', () => {
  it.each([
    ['secret', 'a string'],
    [['secret'], 'a list'],
    [{ secret: 'secret' }, 'an object'],
    [1234, 'a number'],
    [true, 'a boolean'],
    [null, 'null'],
  ])('tells the type of a value that has the wrong one, and never the value: %j', (value, type) => {
    const errors = errorList()
    errors.typeInvalid(fieldPath('x'), value, 'must be right')
    expect(errors.toString()).toBe(`x: Invalid value: must be right, but is ${type}`)
  })

  it('prints the beginning of what is nested deep', () => {
    const errors = errorList({ maxValueLength: 3 })
    errors.invalid(fieldPath('x'), JSON.parse(`${'['.repeat(100_000)}${']'.repeat(100_000)}`), 'no')
    expect(errors.toString()).toBe('x: Invalid value: [[[...: no')
  })

  it('prints values as JSON, up to a length', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.integer({ min: 1, max: 40 }), (value, maxValueLength) => {
        const errors = errorList({ maxValueLength })
        // Keys such as `__proto__` are ordinary ones.
        const text = JSON.stringify({ value })
        errors.invalid(fieldPath('x'), JSON.parse(text), 'no')
        const shown = text.length > maxValueLength ? `${text.slice(0, maxValueLength)}...` : text
        expect(errors.errors[0]?.message).toBe(`Invalid value: ${shown}: no`)
      }),
    )
  })

  it('prints no more of a value than is shown, for each of its elements', () => {
    expectLinearWork(500, (length) => {
      const elements = Array.from({ length }, () => ({ name: 'x'.repeat(100) }))
      return () => {
        const errors = errorList()
        for (const _ of elements) errors.invalid(fieldPath('x'), elements, 'no')
      }
    })
  })

  it('keeps the first thousand of many', () => {
    const errors = errorList()
    for (let index = 0; index < 2000; index++) errors.required(fieldPath('x').index(index))
    errors.addAll(errors.errors)
    expect(errors.errors).toHaveLength(1000)
    expect(errors.errors.at(-1)?.field).toBe('x[999]')
  })
})

describe('errorList with hidden values', () => {
  it('tells the field and the rule, and nothing of the value', () => {
    const errors = errorList({ hideValues: true })
    const path = fieldPath('x')
    errors.invalid(path, 'secret', 'must be right')
    errors.typeInvalid(path, { secret: 1 }, 'must be a string')
    errors.notSupported(path, 'secret', ['a'])
    errors.duplicate(path, 'secret')
    expect(errors.errors.map(({ message }) => message)).toEqual([
      'Invalid value: must be right',
      'Invalid value: must be a string',
      'Unsupported value: supported values: "a"',
      'Duplicate value',
    ])
  })
})

describe('names', () => {
  it.each([
    [
      'a label',
      dns1123LabelProblems,
      ['a', 'a-b', '1', 'a'.repeat(63)],
      ['', 'A', 'a.b', '-a', 'a-', 'a'.repeat(64), 'a\n'],
    ],
    ['a subdomain', dns1123SubdomainProblems, ['a.b', 'a'], ['', 'a..b', '.a', 'a_b', 'a'.repeat(254)]],
    ['a path segment', pathSegmentProblems, ['a:b', 'A', '...'], ['.', '..', 'a/b', 'a%b']],
    [
      'a qualified name',
      qualifiedNameProblems,
      ['a', 'A_b.c', 'x.y/z'],
      ['', '/a', 'a/', 'a/b/c', 'A.b/c', '-a', 'a'.repeat(64)],
    ],
    ['a label value', labelValueProblems, ['', 'a', 'A_b.c'], ['-', 'a b', 'a'.repeat(64)]],
    [
      'a domain-prefixed path',
      domainPrefixedPathProblems,
      ['a.io/b', 'a/b/c'],
      ['', 'a', '/b', 'a/', 'A.io/b', 'a.io/b c'],
    ],
  ])('tells %s from what is none', (_, problems, right, wrong) => {
    for (const name of right) expect({ name, problems: problems(name) }).toEqual({ name, problems: [] })
    for (const name of wrong)
      expect({ name, count: problems(name).length > 0 }).toEqual({ name, count: true })
  })

  it('decides about names of any length at once', () => {
    const spent = cpuSecondsOf(() => {
      dns1123SubdomainProblems(`${'a-'.repeat(100_000)}!`)
      qualifiedNameProblems(`${'a.'.repeat(100_000)}!`)
    })
    expect(spent).toBeLessThan(0.5)
  })
})
