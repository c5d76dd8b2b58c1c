import { describe, expect, it } from 'vitest'
import { CLIENT_AUTH, nameDer } from '../../test/certificates.ts'
import {
  bitString,
  boolean,
  concat,
  explicit,
  hex,
  implicit,
  integer,
  nothing,
  octetString,
  oid,
  sequence,
  text,
} from '../../test/der.ts'
import { ext, extensions, unsigned } from '../../test/unsigned-certificate.ts'
import { parseCertificate } from '../certificate.ts'

describe('an extension', () => {
  it.each([
    ['names of unknown kinds only', '2.5.29.17', sequence(explicit(4, nameDer('x')))],
    [
      'constraints on unknown kinds of names',
      '2.5.29.30',
      sequence(explicit(0, sequence(explicit(4, nameDer('x'))))),
    ],
    ['something unknown', '1.2.3', nothing],
  ])('that is critical, of %s, is remembered as not understood', (_, id, value) => {
    const critical = unsigned({ extensions: extensions(ext(id, value, boolean(true))) })
    expect(parseCertificate(critical).extensions.unhandledCritical).toEqual([id])
    const other = unsigned({ extensions: extensions(ext(id, value)) })
    expect(parseCertificate(other).extensions.unhandledCritical).toEqual([])
  })

  const cps = sequence(oid('1.3.6.1.5.5.7.2.1'), text(0x16, 'https://a'))
  it.each<readonly [string, string, Uint8Array]>([
    ['policies', '2.5.29.32', sequence(sequence(oid('2.5.29.32.0'), sequence(cps)), sequence(oid('1.2.3')))],
    [
      'CRL points',
      '2.5.29.31',
      sequence(sequence(explicit(0, explicit(0, implicit(6, hex('61'))))), sequence(explicit(2, nothing))),
    ],
    [
      'access descriptions',
      '1.3.6.1.5.5.7.1.1',
      sequence(sequence(oid('1.3.6.1.5.5.7.48.1'), implicit(6, hex('61')))),
    ],
    [
      'an authority key by name and number',
      '2.5.29.35',
      sequence(explicit(1, nameDer('x')), implicit(2, hex('01'))),
    ],
    ['no usage at all', '2.5.29.15', bitString(hex(''))],
    ['policy mappings', '2.5.29.33', sequence(sequence(oid('1.2.3'), oid('1.2.4')))],
    ['policy constraints', '2.5.29.36', sequence(implicit(0, hex('03')), implicit(1, hex('00')))],
    ['an end to anyPolicy', '2.5.29.54', integer(0)],
  ])('of %s is read', (_, id, value) => {
    expect(parseCertificate(unsigned({ extensions: extensions(ext(id, value)) })).version).toBe(3)
  })

  it.each<readonly [string, string, Uint8Array]>([
    ['an empty list of usages', '2.5.29.37', sequence()],
    ['usages that are no identifiers', '2.5.29.37', sequence(text(0x0c, 'clientAuth'))],
    ['usages with data behind them', '2.5.29.37', concat(sequence(oid(CLIENT_AUTH)), nothing)],
    ['a key usage that is a number', '2.5.29.15', integer(4)],
    [
      'basic constraints with a FALSE and more',
      '2.5.29.19',
      sequence(boolean(false), integer(0), integer(0)),
    ],
    ['a negative path length', '2.5.29.19', sequence(boolean(true), hex('02 01 ff'))],
    ['an IP address of five octets', '2.5.29.17', sequence(implicit(7, new Uint8Array(5)))],
    ['a DNS name beyond ASCII', '2.5.29.17', sequence(implicit(2, hex('c3 a9')))],
    ['an e-mail address beyond ASCII', '2.5.29.17', sequence(implicit(1, hex('c3 a9')))],
    ['a URI that is none', '2.5.29.17', sequence(implicit(6, new TextEncoder().encode('http://a b')))],
    ['no constraint on names', '2.5.29.30', sequence()],
    ['an empty list of permitted subtrees', '2.5.29.30', sequence(explicit(0))],
    [
      'subtrees in the wrong order',
      '2.5.29.30',
      sequence(explicit(1, sequence(implicit(2, hex('61')))), explicit(0, sequence(implicit(2, hex('61'))))),
    ],
    [
      'a subtree with a minimum',
      '2.5.29.30',
      sequence(explicit(0, sequence(implicit(2, hex('61')), implicit(0, hex('01'))))),
    ],
    [
      'a DNS constraint that is no domain',
      '2.5.29.30',
      sequence(explicit(0, sequence(implicit(2, new TextEncoder().encode('a..b'))))),
    ],
    [
      'an e-mail constraint that is no mailbox',
      '2.5.29.30',
      sequence(explicit(0, sequence(implicit(1, new TextEncoder().encode('@b'))))),
    ],
    [
      'a URI constraint that is an address',
      '2.5.29.30',
      sequence(explicit(0, sequence(implicit(6, new TextEncoder().encode('1.2.3.4'))))),
    ],
    [
      'an IP constraint with holes',
      '2.5.29.30',
      sequence(explicit(0, sequence(implicit(7, hex('0a 00 00 00 ff 00 ff 00'))))),
    ],
    ['a policy twice', '2.5.29.32', sequence(sequence(oid('1.2.3')), sequence(oid('1.2.3')))],
    ['no policy', '2.5.29.32', sequence()],
    ['a policy with an empty list of qualifiers', '2.5.29.32', sequence(sequence(oid('1.2.3'), sequence()))],
    [
      'a policy with a qualifier that is none',
      '2.5.29.32',
      sequence(sequence(oid('1.2.3'), sequence(sequence(integer(1))))),
    ],
    ['a mapping of anyPolicy', '2.5.29.33', sequence(sequence(oid('2.5.29.32.0'), oid('1.2.3')))],
    ['half a mapping', '2.5.29.33', sequence(sequence(oid('1.2.3')))],
    ['no constraint on policies', '2.5.29.36', sequence()],
    ['a negative constraint on policies', '2.5.29.36', sequence(implicit(0, hex('ff')))],
    ['a negative end to mappings', '2.5.29.36', sequence(implicit(1, hex('ff')))],
    [
      'an end to mappings without a number',
      '2.5.29.36',
      sequence(implicit(0, hex('00')), implicit(1, hex(''))),
    ],
    ['a constraint with something behind it', '2.5.29.36', sequence(implicit(0, hex('00')), nothing)],
    ['a negative end to anyPolicy', '2.5.29.54', hex('02 01 ff')],
    [
      'a CRL point relative to its issuer',
      '2.5.29.31',
      sequence(sequence(explicit(0, explicit(1, nothing)))),
    ],
    ['a CRL point with something behind it', '2.5.29.31', sequence(sequence(nothing))],
    [
      'a CRL point beyond ASCII',
      '2.5.29.31',
      sequence(sequence(explicit(0, explicit(0, implicit(6, hex('ff')))))),
    ],
    ['no CRL point', '2.5.29.31', sequence()],
    [
      'an access description without a place',
      '1.3.6.1.5.5.7.1.1',
      sequence(sequence(oid('1.3.6.1.5.5.7.48.1'))),
    ],
    [
      'an access description of a number',
      '1.3.6.1.5.5.7.1.1',
      sequence(sequence(integer(1), implicit(6, hex('61')))),
    ],
    ['a subject key that is a number', '2.5.29.14', integer(1)],
    ['an authority key with something behind it', '2.5.29.35', sequence(implicit(0, hex('01')), nothing)],
  ])('of %s is refused', (_, id, value) => {
    expect(() => parseCertificate(unsigned({ extensions: extensions(ext(id, value)) }))).toThrow(
      expect.objectContaining({ code: 'malformed' }),
    )
  })

  it.each(['2.5.29.14', '2.5.29.35', '1.3.6.1.5.5.7.1.1'])('%s is refused where it is critical', (id) => {
    const value = id === '2.5.29.14' ? octetString(hex('01')) : sequence(sequence(oid('1.2.3'), nothing))
    expect(() =>
      parseCertificate(unsigned({ extensions: extensions(ext(id, value, boolean(true))) })),
    ).toThrow('marked critical')
  })
})
