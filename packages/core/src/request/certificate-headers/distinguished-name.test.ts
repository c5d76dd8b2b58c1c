import { expect, it } from 'vitest'
import { parseDistinguishedName } from './distinguished-name.ts'

const long = (length: number): string => `CN=${'a'.repeat(length - 3)}`

it.each<[string, readonly (readonly [type: string, value: string | undefined])[] | undefined]>([
  ['', []],
  ['CN=a', [['CN', 'a']]],
  [
    'cn=a,o=b',
    [
      ['O', 'b'],
      ['CN', 'a'],
    ],
  ],
  [
    'CN=a,  O=b+OU=c',
    [
      ['OU', 'c'],
      ['O', 'b'],
      ['CN', 'a'],
    ],
  ],
  ['CN=', [['CN', '']]],
  ['x-1=a', [['X-1', 'a']]],
  ['1.20.3=a', [['1.20.3', 'a']]],
  ['CN=#0c0161', [['CN', undefined]]],
  ['CN=a b=c', [['CN', 'a b=c']]],
  [String.raw`CN=\#a\ `, [['CN', '#a ']]],
  [String.raw`CN=\41\c3\A9\,\+\;\<\=\>\\\"\ `, [['CN', 'A\u00e9,+;<=>\\" ']]],
  [long(8192), [['CN', 'a'.repeat(8189)]]],
  [long(8193), undefined],
  ['CN', undefined],
  ['=a', undefined],
  ['1=a', undefined],
  ['1.=a', undefined],
  ['-a=b', undefined],
  ['CN= a', undefined],
  ['CN=a ', undefined],
  ['CN=#0', undefined],
  ['CN=#0g', undefined],
  ['CN=#', undefined],
  ['CN=a,', undefined],
  ['CN=a, ', undefined],
  ['CN=a;O=b', undefined],
  ['CN="a"', undefined],
  ['CN=a<b', undefined],
  ['CN=a\0', undefined],
  ['CN=\ud800', undefined],
  [String.raw`CN=\4`, undefined],
  [String.raw`CN=\4g`, undefined],
  [String.raw`CN=\g`, undefined],
  [String.raw`CN=\c3`, undefined],
])('the name %j has the attributes %j', (text, expected) => {
  expect(parseDistinguishedName(text)).toEqual(expected?.map(([type, value]) => ({ type, value })))
})
