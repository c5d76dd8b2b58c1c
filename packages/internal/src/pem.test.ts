import { describe, expect, it } from 'vitest'
import { cpuSecondsOf } from '../../../test/cpu-seconds.ts'
import { base64OfPem, hasPemHeaders, pemBlocks } from './pem.ts'

const block = (label: string, ...lines: readonly string[]): string =>
  [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n')

const read = (pem: string): readonly string[] =>
  Array.from(pemBlocks(pem), (each) => `${each.label} ${base64OfPem(each)} ${each.isComplete}`)

describe('the blocks of a PEM file', () => {
  it.each<[string, string, readonly string[]]>([
    ['none', 'AAAA', []],
    [
      'text around them',
      `a\n${block('A', 'AAAA')}b\n${block('B', 'BB', 'BB')}c`,
      ['A AAAA true', 'B BBBB true'],
    ],
    ['other ends of lines', block('A', 'AAAA  ').replaceAll('\n', '\r\n'), ['A AAAA true']],
    ['a byte order mark', `\uFEFF${block('A', 'AAAA')}`, ['A AAAA true']],
    ['a beginning within a line', `x ${block('A', 'AAAA')}`, []],
    ['an end with another label', block('A', 'AAAA').replace('END A', 'END B'), []],
    ['a block within another', `-----BEGIN A-----\n${block('B', 'BBBB')}-----END A-----\n`, ['B BBBB true']],
    ['a certificate without an end', '-----BEGIN CERTIFICATE-----\nAAAA\n', ['CERTIFICATE AAAA false']],
    [
      'a certificate within one without an end',
      `-----BEGIN CERTIFICATE-----\nAA\n${block('CERTIFICATE', 'BBBB')}`,
      ['CERTIFICATE AA false', 'CERTIFICATE BBBB true'],
    ],
    [
      'a key without an end',
      `-----BEGIN KEY-----\n${block('CERTIFICATE', 'AAAA')}`,
      ['CERTIFICATE AAAA true'],
    ],
  ])('with %s', (_, pem, expected) => {
    expect(read(pem)).toEqual(expected)
  })

  it('may have headers', () => {
    const [plain, encrypted] = pemBlocks(
      `${block('A', 'AAAA')}${block('A', 'Proc-Type: 4,ENCRYPTED', '', 'AAAA')}`,
    )
    expect([plain, encrypted].map((each) => each && hasPemHeaders(each))).toEqual([false, true])
  })

  it('are found in time that grows with the length of the file', () => {
    const spent = cpuSecondsOf(() => {
      for (const part of ['-----BEGIN A-----\n', '-----BEGIN CERTIFICATE-----\n', 'A\n', '-----BEGIN ']) {
        expect(Array.from(pemBlocks(part.repeat(1e6 / part.length))).length).toBeLessThan(40_000)
      }
    })
    expect(spent).toBeLessThan(2)
  })
})
