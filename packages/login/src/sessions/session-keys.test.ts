import { describe, expect, it } from 'vitest'
import { keyOf } from '../../test/sessions.ts'
import { sessionKeyBytes, someSessionKeys } from './session-keys.ts'

const key = keyOf(1)
const ofBytes = (bytes: readonly number[]): string => btoa(String.fromCharCode(...bytes))
const asBase64url = (base64: string): string =>
  base64.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')

describe('the keys of sessions', () => {
  it.each([
    ['base64', [key]],
    ['base64url', [asBase64url(keyOf(2))]],
    ['several', [key, keyOf(2), keyOf(3)]],
    ['16 different bytes', [ofBytes(Array.from({ length: 32 }, (_, index) => index % 16))]],
  ])('may be %s', (_, keys) => {
    expect(someSessionKeys(keys, 'keys')).toEqual([])
    expect(keys.map((each) => sessionKeyBytes(each).length)).toEqual(keys.map(() => 32))
  })

  it.each([
    ['no list', key],
    ['an empty list', []],
    ['an empty string', ['']],
    ['31 bytes', [ofBytes(Array.from({ length: 31 }, (_, index) => index))]],
    ['33 bytes', [ofBytes(Array.from({ length: 33 }, (_, index) => index))]],
    ['64 digits', ['0123456789abcdef'.repeat(4)]],
    ['a password', ['correct horse battery staple correct horse b']],
    ['one byte 32 times', ['A'.repeat(43)]],
    ['15 different bytes', [ofBytes(Array.from({ length: 32 }, (_, index) => index % 15))]],
    ['the same key twice', [key, key]],
    ['the same key in two spellings', [keyOf(2), asBase64url(keyOf(2))]],
    ['something else', [7]],
  ])('cannot be %s, and no message shows one', (_, keys) => {
    const problems = someSessionKeys(keys, 'keys')
    expect(problems).not.toEqual([])
    expect(JSON.stringify(problems)).not.toContain(String(keys[0] ?? 'x').slice(0, 8) || '\0')
  })
})
