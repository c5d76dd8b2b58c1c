import { expect, it } from 'vitest'
import { hex, tlv } from '../../test/der.ts'
import { directoryString } from './directory-string.ts'
import { DerReader } from './reader.ts'

const UTF8 = 0x0c
const NUMERIC = 0x12
const PRINTABLE = 0x13
const TELETEX = 0x14
const IA5 = 0x16
const UNIVERSAL = 0x1c
const BMP = 0x1e

const read = (tag: number, bytes: Uint8Array): string =>
  directoryString(new DerReader(tlv(tag, bytes)).next('x'), 'x')
const ascii = (value: string): Uint8Array => new TextEncoder().encode(value)

it.each([
  ['a UTF8String', UTF8, ascii('jané'), 'jané'],
  ['a byte order mark', UTF8, hex('ef bb bf 61'), '\uFEFFa'],
  ['a zero', UTF8, hex('61 00'), 'a\0'],
  ['an empty string', UTF8, hex(''), ''],
  ['a PrintableString', PRINTABLE, ascii("A-z0 '()+,-./:=?"), "A-z0 '()+,-./:=?"],
  ['* and & in a PrintableString, as Go', PRINTABLE, ascii('*&'), '*&'],
  ['an IA5String', IA5, ascii('a@b_\x7f'), 'a@b_\x7f'],
  ['a NumericString', NUMERIC, ascii('12 3'), '12 3'],
  ['a TeletexString as Latin-1', TELETEX, hex('6a e9'), 'jé'],
  ['a BMPString', BMP, hex('00 6a 20 ac'), 'j€'],
  ['a BMPString without its final zero, as Go', BMP, hex('00 6a 00 00'), 'j'],
])('reads %s', (_, tag, bytes, value) => {
  expect(read(tag, bytes)).toBe(value)
})

it.each([
  ['a UTF8String that is none', UTF8, hex('ff')],
  ['a surrogate in UTF-8', UTF8, hex('ed a0 80')],
  ['an overlong form in UTF-8', UTF8, hex('c0 80')],
  ['an underscore in a PrintableString', PRINTABLE, ascii('a_b')],
  ['an at sign in a PrintableString', PRINTABLE, ascii('a@b')],
  ['a line break at the end of a PrintableString', PRINTABLE, ascii('a\n')],
  ['a letter in a NumericString', NUMERIC, ascii('1a')],
  ['a high bit in an IA5String', IA5, hex('e9')],
  ['half a character in a BMPString', BMP, hex('00 6a 00')],
  ['a surrogate in a BMPString', BMP, hex('d8 3d de 00')],
  ['a noncharacter in a BMPString', BMP, hex('ff fe')],
  ['a UniversalString', UNIVERSAL, hex('00 00 00 6a')],
  ['a number', 0x02, hex('01')],
  ['a structure', 0x30, hex('')],
])('refuses %s', (_, tag, bytes) => {
  expect(() => read(tag, bytes)).toThrow(/^x509: malformed x: /)
})
