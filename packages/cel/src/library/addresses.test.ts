import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { evaluated } from '../../test/cel.ts'
import { CelCompileError, CelEvaluationError, type CelValue } from '../kubernetes/index.ts'
import { printedAddress, readAddress } from '@kube-authn/internal/ip-address'

describe('an address', () => {
  it.each([
    ['127.0.0.1', true],
    ['255.255.255.255', true],
    ['::', true],
    ['::1', true],
    ['1:2:3:4:5:6:7:8', true],
    ['1:2:3:4:5:6:1.2.3.4', true],
    ['2001:DB8::abcd', true],
    ['1::3:4:5:6:7:8', true],
    ['', false],
    ['127.0.0.256', false],
    ['127.0.0.01', false],
    ['127.0.0', false],
    ['1.2.3.4.5', false],
    [' 1.2.3.4', false],
    [':::1', false],
    ['1::2::3', false],
    ['1:2:3:4:5:6:7', false],
    ['1:2:3:4:5:6:7:8:9', false],
    // A gap stands for one group at least.
    ['::2:3:4:5:6:7:8', true],
    ['1::2:3:4:5:6:7:8', false],
    ['12345::', false],
    ['::ffff:1.2.3.4', false],
    ['fe80::1%eth0', false],
    ['1.2.3.4::', false],
  ])('is %j: %s', (text, expected) => {
    expect(evaluated('isIP(claims.x)', { x: text })).toBe(expected)
  })

  it.each<[string, CelValue]>([
    ['ip("127.0.0.1").family()', 4n],
    ['ip("::1").family()', 6n],
    ['ip.isCanonical("2001:db8::abcd")', true],
    ['ip.isCanonical("2001:DB8::ABCD")', false],
    ['ip.isCanonical("2001:db8::0:0:0:abcd")', false],
    ['string(ip("1:0:0:2:0:0:0:3"))', '1:0:0:2::3'],
    ['string(ip("1:0:2:3:4:5:6:7"))', '1:0:2:3:4:5:6:7'],
    ['ip("0.0.0.0").isUnspecified() && ip("::").isUnspecified()', true],
    ['ip("127.9.9.9").isLoopback() && ip("::1").isLoopback()', true],
    ['ip("192.168.0.1").isLoopback()', false],
    ['ip("224.0.0.1").isLinkLocalMulticast() && ip("ff02::1").isLinkLocalMulticast()', true],
    ['ip("ff12::1").isLinkLocalMulticast()', true],
    ['ip("224.0.1.1").isLinkLocalMulticast() || ip("fd00::1").isLinkLocalMulticast()', false],
    ['ip("169.254.169.254").isLinkLocalUnicast() && ip("fe80::1").isLinkLocalUnicast()', true],
    ['ip("fec0::1").isLinkLocalUnicast()', false],
    ['ip("192.168.0.1").isGlobalUnicast() && ip("2001:db8::abcd").isGlobalUnicast()', true],
    ['ip("255.255.255.255").isGlobalUnicast() || ip("ff00::1").isGlobalUnicast()', false],
    ['ip("::1") == ip("0:0::1")', true],
    ['ip("1.2.3.4") == cidr("1.2.3.4/24").ip()', true],
    ['dyn(ip("1.2.3.4")).family()', 4n],
    ['[1].map(ip, ip + 1)', [2n]],
  ])('%s', (expression, expected) => {
    expect(evaluated(expression)).toEqual(expected)
  })

  it('is printed so that it is read as the same', () => {
    const groups = fc.array(fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 0xffff })), {
      minLength: 8,
      maxLength: 8,
    })
    fc.assert(
      fc.property(groups, (parts) => {
        const address = readAddress(parts.map((part) => part.toString(16)).join(':'))
        expect(address).toBeDefined()
        if (address === undefined) return
        const text = printedAddress(address)
        expect(readAddress(text)).toEqual(address)
        expect(text).toBe(new URL(`http://[${text}]/`).hostname.slice(1, -1))
      }),
    )
  })

  it('is not named in the error', () => {
    expect(() => evaluated('ip(claims.x)', { x: 'secret' })).toThrow(
      new CelEvaluationError('IP Address parse error during conversion from string'),
    )
  })
})

describe('a range of addresses', () => {
  it.each<[string, CelValue]>([
    ['isCIDR("192.168.0.0/16")', true],
    ['isCIDR("::1/128")', true],
    ['isCIDR("192.168.0.1/0")', true],
    ['isCIDR("192.168.0.0/33") || isCIDR("::1/129")', false],
    ['isCIDR("192.168.0.0") || isCIDR("192.168.0.0/") || isCIDR("192.168.0.0/08")', false],
    ['isCIDR("::ffff:1.2.3.4/112")', false],
    ['cidr("192.168.0.0/24").containsIP("192.168.0.1")', true],
    ['cidr("192.168.0.0/24").containsIP(ip("192.168.1.1"))', false],
    ['cidr("0.0.0.0/0").containsIP("::1")', false],
    ['cidr("10.0.0.0/8").containsIP(claims.address)', true],
    ['cidr("192.168.0.0/16").containsCIDR("192.168.10.0/24")', true],
    ['cidr("192.168.1.0/24").containsCIDR(cidr("192.168.2.0/24"))', false],
    ['cidr("192.168.0.0/24").containsCIDR("192.168.0.0/16")', false],
    ['cidr("2001:db8::/32").containsCIDR("2001:db8:1::/48")', true],
    ['string(cidr("192.168.0.1/24").masked())', '192.168.0.0/24'],
    ['cidr("192.168.0.1/24") == cidr("192.168.0.1/24").masked()', false],
    ['cidr("::1/128").prefixLength()', 128n],
    ['type(cidr("::1/128")) == net.CIDR && type(ip("::1")) == net.IP && net.IP != net.CIDR', true],
  ])('%s', (expression, expected) => {
    expect(evaluated(expression, { address: '10.1.2.3' })).toEqual(expected)
  })

  it.each([
    'cidr("10.0.0.0/8").containsIP("x")',
    'cidr("10.0.0.0")',
    'cidr("10.0.0.0/8").containsCIDR("10.0.0.1")',
  ])('%s has no value', (expression) => {
    expect(() => evaluated(expression)).toThrow(CelEvaluationError)
  })

  it.each([
    'cidr("10.0.0.0/8").containsIP(1)',
    'cidr(1)',
    'ip(1)',
    'ip',
    'ip.nope("x")',
    'ip("1.1.1.1") == cidr("1.1.1.1/32")',
    'claims.address.family(1)',
  ])('%s does not compile', (expression) => {
    expect(() => evaluated(expression)).toThrow(CelCompileError)
  })
})
