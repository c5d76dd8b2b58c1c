import { describe, expect, it } from 'vitest'
import { cpuSecondsOf } from '../../../../test/cpu-seconds.ts'
import { hex } from '../../test/der.ts'
import {
  domainLabels,
  domainSubtree,
  isInSubtree,
  isIpv4Address,
  isSameMailbox,
  mailboxOf,
  mayBeInSubtree,
  uriHost,
} from './domain.ts'
import { ipRange, isExcludedBy, isPermittedBy } from './ip-range.ts'

const labels = (domain: string) => domainLabels(domain) ?? expect.fail(`${domain} is no domain`)
const subtree = (constraint: string) => domainSubtree(constraint) ?? expect.fail(`${constraint} is none`)
const mailbox = (address: string) => mailboxOf(address) ?? expect.fail(`${address} is no mailbox`)

describe('domain names', () => {
  it.each([
    ['www.Example.com', ['com', 'example', 'www']],
    ['', []],
    ['localhost', ['localhost']],
    ['*.example.com', ['com', 'example', '*']],
    ['under_score.example', ['example', 'under_score']],
  ])('reads the labels of "%s"', (domain, expected) => {
    expect(domainLabels(domain)).toEqual(expected)
  })

  it.each(['.', 'a.', '.a', 'a..b', 'a b.c', 'a\0.c', 'é.c', 'a.\x7f'])('refuses "%s"', (domain) => {
    expect(domainLabels(domain)).toBeUndefined()
  })

  it.each([
    ['example.com', 'example.com', true],
    ['a.example.com', 'example.com', true],
    ['A.EXAMPLE.com', 'eXample.Com', true],
    ['a.b.example.com', 'example.com', true],
    ['badexample.com', 'example.com', false],
    ['com', 'example.com', false],
    ['example.com', '.example.com', false],
    ['a.example.com', '.example.com', true],
    ['anything.at.all', '', true],
    ['example.com.evil', 'example.com', false],
  ])('says of %s in the subtree of "%s": %s', (domain, constraint, expected) => {
    expect(isInSubtree(labels(domain), subtree(constraint))).toBe(expected)
  })

  it.each([
    ['*.example.com', 'a.example.com', true],
    ['*.example.com', 'example.com', true],
    ['*.example.com', '.example.com', true],
    ['*.example.com', 'a.b.example.com', false],
    ['*.example.com', '.a.example.com', false],
    ['*.example.com', 'a.example.org', false],
    ['a.example.com', 'b.example.com', false],
    ['*', 'com', true],
    ['a.*.example.com', 'a.b.example.com', false],
  ])('says of the wildcard %s and the excluded subtree "%s": %s', (domain, constraint, expected) => {
    expect(mayBeInSubtree(labels(domain), subtree(constraint))).toBe(expected)
  })
})

describe('mailboxes', () => {
  it.each([
    ['a@example.com', 'A@example.com', false],
    ['a@example.com', 'a@EXAMPLE.com', true],
    ['a@example.com', 'a@www.example.com', false],
    ['"a"@example.com', 'a@example.com', true],
    [String.raw`"a\"b"@example.com`, String.raw`"a\"b"@example.com`, true],
    ['*@example.com', 'a@example.com', false],
  ])('says of %s and %s being the same: %s', (one, other, expected) => {
    expect(isSameMailbox(mailbox(one), mailbox(other))).toBe(expected)
  })

  it.each([
    '',
    '@',
    'a',
    'a@',
    '@b',
    'a@b@c',
    'a b@c',
    '.a@b',
    'a.@b',
    'a..b@c',
    '"a@b',
    '"a"b@c',
    'a@b..c',
    'é@b',
  ])('refuses "%s"', (address) => {
    expect(mailboxOf(address)).toBeUndefined()
  })

  it('reads a hostile address in no time', () => {
    const spent = cpuSecondsOf(() => {
      expect(mailboxOf(`"${'\\a'.repeat(30_000)}@b`)).toBeUndefined()
      expect(mailboxOf(`${'a.'.repeat(30_000)}@b`)).toBeUndefined()
    })
    expect(spent).toBeLessThan(0.5)
  })
})

describe('URIs', () => {
  it.each([
    ['https://www.Example.com/a?b#c', 'www.Example.com', ['com', 'example', 'www']],
    ['https://example.com:8443', 'example.com', ['com', 'example']],
    ['spiffe://user:pass@cluster.local/ns/a', 'cluster.local', ['local', 'cluster']],
    ['urn:uuid:1', '', []],
    ['/path', '', []],
    ['http:///path', '', []],
    ['http://127.0.0.1/', '127.0.0.1', undefined],
    ['http://[::1]:80/', '[::1]:80', undefined],
  ])('reads the host of %s', (uri, host, expected) => {
    expect(uriHost(uri)).toEqual({ host, labels: expected })
  })

  it.each([
    'http://a b/',
    'http://a..b/',
    'http://a:b/',
    'http://a:80:90/',
    'http://[::1/',
    'http://::1]/',
    'http://%41/',
    'http://us er@a/',
    'http://a/\x01',
    '://a',
    ':a',
    'a%zz',
    'a b:c',
    '1a:b',
  ])('refuses %s', (uri) => {
    expect(uriHost(uri)).toBeUndefined()
  })

  it.each([
    ['1.2.3.4', true],
    ['255.255.255.255', true],
    ['0.0.0.0', true],
    ['256.1.1.1', false],
    ['01.2.3.4', false],
    ['1.2.3', false],
    ['1.2.3.4.5', false],
    ['1.2.3.4.', false],
    ['example.com', false],
  ])('says of %s being an IPv4 address: %s', (text, expected) => {
    expect(isIpv4Address(text)).toBe(expected)
  })
})

describe('IP ranges', () => {
  it.each([
    ['0a 00 00 00 ff 00 00 00', '0a 01 02 03', true],
    ['0a 00 00 00 ff 00 00 00', '0b 01 02 03', false],
    ['0a 00 00 80 ff ff ff 80', '0a 00 00 ff', true],
    ['0a 00 00 80 ff ff ff 80', '0a 00 00 7f', false],
    ['00 00 00 00 00 00 00 00', 'ff ff ff ff', true],
    ['00 00 00 00 00 00 00 00', '00 00 00 00', true],
    ['00 00 00 00 00 00 00 00', '00'.repeat(16), false],
    [`fd ${'00'.repeat(15)} ff ${'00'.repeat(15)}`, `fd ${'ff'.repeat(15)}`, true],
  ])('says of %s and %s: %s', (range, ip, expected) => {
    const read = ipRange(hex(range)) ?? expect.fail('no range')
    expect([isPermittedBy(hex(ip), read), isExcludedBy(hex(ip), read)]).toEqual([expected, expected])
  })

  const zeros = (octets: number): string => '00'.repeat(octets)
  const mapped = `${zeros(10)} ff ff`
  const ones = (octets: number): string => 'ff'.repeat(octets)

  it.each([
    ['an IPv4 address by its range', '0a 00 00 00 ff 00 00 00', '0a 01 02 03', true, true],
    [
      'an address in the form of IPv6 by the range of IPv4',
      '0a 00 00 00 ff 00 00 00',
      `${mapped} 0a 01 02 03`,
      false,
      true,
    ],
    ['one of another range', '0b 00 00 00 ff 00 00 00', `${mapped} 0a 01 02 03`, false, false],
    ['one by all of IPv6', `${zeros(16)} ${zeros(16)}`, `${mapped} 0a 01 02 03`, false, true],
    ['one by itself', `${mapped} 0a 01 02 03 ${ones(16)}`, `${mapped} 0a 01 02 03`, false, true],
    [
      'an IPv4 address by a range of such addresses',
      `${mapped} 0a 00 00 00 ${ones(13)} 00 00 00`,
      '0a 01 02 03',
      false,
      true,
    ],
    ['an IPv4 address by all of IPv6', `${zeros(16)} ${zeros(16)}`, '0a 01 02 03', false, false],
    [
      'an IPv4 address by all such addresses and more',
      `${mapped} ${zeros(4)} ${ones(11)} fe ${zeros(4)}`,
      '0a 01 02 03',
      false,
      false,
    ],
    ['what only looks mapped', '0a 00 00 00 ff 00 00 00', `${zeros(9)} 01 ff ff 0a 01 02 03`, false, false],
    ['an address with zeros in front', '0a 00 00 00 ff 00 00 00', `${zeros(12)} 0a 01 02 03`, false, false],
  ])('permit and exclude %s', (_, range, ip, isPermitted, isExcluded) => {
    const read = ipRange(hex(range)) ?? expect.fail('no range')
    expect([isPermittedBy(hex(ip), read), isExcludedBy(hex(ip), read)]).toEqual([isPermitted, isExcluded])
  })

  it.each(['', '0a 00 00 00', '0a 00 00 00 ff 00 ff 00', '0a 00 00 00 fd 00 00 00', '00'.repeat(31)])(
    'refuses %s',
    (octets) => {
      expect(ipRange(hex(octets))).toBeUndefined()
    },
  )
})
