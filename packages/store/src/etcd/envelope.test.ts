import { describe, expect, it } from 'vitest'
import { opened, sealed } from './envelope.ts'

describe('an object in etcd', () => {
  it.each(['', '{}', '\n', '1 2\nx', 'a\nb', '\u{1f600}'])('has its value %j again', (value) => {
    const ending = { expiresAtMs: 1_700_000_000_000, ttlMs: 1 }
    expect(opened(sealed(value, undefined))).toEqual({ value })
    expect(opened(sealed(value, ending))).toEqual({ value, ending })
  })

  it.each([
    '',
    'x',
    '{"kind":"Pod"}',
    'k8s\0\n',
    '1\nx',
    '1 2',
    '1 2 3\nx',
    '-1 2\nx',
    '12345678901234567 1\nx',
  ])('is none if it is %j', (text) => {
    expect(opened(text)).toBeUndefined()
  })
})
