import { describe, expect, it } from 'vitest'
import { cpuSecondsOf } from '../../../test/cpu-seconds.ts'
import { exactHeaders } from '@kube-authn/core/internal'
import { StatusError } from '@kube-authn/core/adapter'
import type { AuthenticationRequest, RequestHeaders } from '@kube-authn/core'
import { type AuditEvent, auditLog, type AuditLogOptions } from './index.ts'
import { sourceIPsBehind, type TrustedProxies } from './source-ips.ts'

function from(
  peer: string | undefined,
  forwarded: readonly string[] = [],
  real?: string,
): AuthenticationRequest {
  return {
    method: 'GET',
    path: '/',
    query: '',
    headers: exactHeaders([
      ...forwarded.flatMap((value) => ['X-Forwarded-For', value]),
      ...(real === undefined ? [] : ['X-Real-Ip', real]),
    ]),
    remoteAddress: () => peer,
  }
}

const proxies = ['10.0.0.0/8', '2001:db8::1']

describe('the source addresses of a request', () => {
  it.each<[string, TrustedProxies, AuthenticationRequest, readonly string[]]>([
    ['a peer', 0, from('192.0.2.1'), ['192.0.2.1']],
    ['a peer that is not trusted', 0, from('192.0.2.1', ['1.1.1.1'], '2.2.2.2'), ['192.0.2.1']],
    ['a peer that is not on the list', proxies, from('192.0.2.1', ['1.1.1.1'], '2.2.2.2'), ['192.0.2.1']],
    ['a peer with an empty list', [], from('192.0.2.1', ['1.1.1.1']), ['192.0.2.1']],
    ['IPv4 in IPv6', 0, from('::ffff:192.0.2.1'), ['192.0.2.1']],
    ['IPv6, as RFC 5952 writes it', 0, from('2001:DB8:0:0::1'), ['2001:db8::1']],
    ['a link', 0, from('fe80::1%eth0'), ['fe80::1']],
    ['a socket without an address', 0, from(undefined, ['1.1.1.1']), []],
    ['what is no address', 0, from('localhost'), []],
    ['one proxy', 1, from('10.0.0.1', ['1.1.1.1']), ['1.1.1.1', '10.0.0.1']],
    ['one proxy, and lies before it', 1, from('10.0.0.1', ['6.6.6.6, 1.1.1.1']), ['1.1.1.1', '10.0.0.1']],
    ['one proxy with two headers', 1, from('10.0.0.1', ['6.6.6.6', '1.1.1.1']), ['1.1.1.1', '10.0.0.1']],
    ['two proxies', 2, from('10.0.0.1', ['6.6.6.6,1.1.1.1 , 10.0.0.2']), ['1.1.1.1', '10.0.0.2', '10.0.0.1']],
    ['fewer proxies than said', 3, from('10.0.0.1', ['1.1.1.1']), ['1.1.1.1', '10.0.0.1']],
    ['a proxy on a Unix socket', 1, from(undefined, ['6.6.6.6, 1.1.1.1']), ['1.1.1.1']],
    ['a list of proxies on a Unix socket', proxies, from(undefined, ['1.1.1.1']), []],
    ['a proxy on the list', proxies, from('10.9.9.9', ['6.6.6.6, 1.1.1.1']), ['1.1.1.1', '10.9.9.9']],
    [
      'proxies on the list',
      proxies,
      from('2001:db8::1', ['6.6.6.6, 1.1.1.1, 10.0.0.2']),
      ['1.1.1.1', '10.0.0.2', '2001:db8::1'],
    ],
    ['a mapped proxy on the list', proxies, from('::ffff:10.0.0.1', ['1.1.1.1']), ['1.1.1.1', '10.0.0.1']],
    ['a neighbour of a proxy', proxies, from('2001:db8::2', ['1.1.1.1']), ['2001:db8::2']],
    ['a proxy that says nothing', 1, from('10.0.0.1'), ['10.0.0.1']],
    ['a proxy that says an empty string', 1, from('10.0.0.1', ['']), ['10.0.0.1']],
    ['commas', 2, from('10.0.0.1', [',1.1.1.1,']), ['10.0.0.1']],
    ['a proxy that knows no address', 2, from('10.0.0.1', ['1.1.1.1, unknown']), ['10.0.0.1']],
    ['a port', 1, from('10.0.0.1', ['1.1.1.1:80']), ['10.0.0.1']],
    ['X-Real-Ip', 1, from('10.0.0.1', [], '1.1.1.1'), ['1.1.1.1', '10.0.0.1']],
    ['X-Real-Ip that is none', 1, from('10.0.0.1', [], 'x'), ['10.0.0.1']],
    ['both headers', 1, from('10.0.0.1', ['1.1.1.1'], '6.6.6.6'), ['1.1.1.1', '10.0.0.1']],
  ])('of %s', (_, trusted, request, expected) => {
    expect(sourceIPsBehind(trusted)(request)).toEqual(expected)
  })

  it('are the peer alone where the headers cannot be read', () => {
    const request = {
      ...from('10.0.0.1'),
      refusal: new StatusError({ status: 431, reason: 'Unknown', message: 'cut' }),
      get headers(): RequestHeaders {
        throw new Error('they are not there')
      },
    }
    expect(sourceIPsBehind(1)(request)).toEqual(['10.0.0.1'])
  })

  it('are bounded, and so is the time to find them', () => {
    const many = from(
      '10.0.0.1',
      Array.from({ length: 100 }, () => `${'10.0.0.2,'.repeat(1000)}10.0.0.2`),
    )
    const spent = cpuSecondsOf(() => {
      expect(sourceIPsBehind(['0.0.0.0/0'])(many)).toHaveLength(32)
      expect(sourceIPsBehind(Number.MAX_SAFE_INTEGER)(many)).toHaveLength(32)
    })
    expect(spent).toBeLessThan(0.5)
  })

  it.each<[unknown, string]>([
    [-1, 'trustedProxies: must be a whole number, 0 or more'],
    [1.5, 'trustedProxies: must be a whole number, 0 or more'],
    [true, 'trustedProxies: must be a number of proxies, or a list of their addresses and ranges'],
    ['10.0.0.0/8', 'trustedProxies: must be a number of proxies, or a list of their addresses and ranges'],
    [['10.0.0.0/33'], 'trustedProxies[0]: must be an IP address or a range of them, as 10.0.0.0/8'],
    [['10.0.0.1', 'localhost'], 'trustedProxies[1]: must be an IP address or a range of them, as 10.0.0.0/8'],
    [['::ffff:10.0.0.0/104'], 'trustedProxies[0]: must be an IP address or a range of them, as 10.0.0.0/8'],
    [[8], 'trustedProxies[0]: must be an IP address or a range of them, as 10.0.0.0/8'],
  ])('refuse proxies %j', (trustedProxies, message) => {
    const options = { write: () => undefined, trustedProxies } as AuditLogOptions
    expect(() => auditLog(options)).toThrow(message)
  })

  it('are left out where a function for them throws, and the request is logged', () => {
    const events: AuditEvent[] = []
    const observer = auditLog({
      write: (event) => events.push(event),
      sourceIPs: () => {
        throw new Error('the function is broken')
      },
    })
    observer({ type: 'response', request: from('192.0.2.1'), status: 200 })
    expect(events).toHaveLength(1)
    expect(events[0]).not.toHaveProperty('sourceIPs')
  })

  it('refuse two ways to find them', () => {
    const options = { write: () => undefined, trustedProxies: 1, sourceIPs: () => [] }
    expect(() => auditLog(options)).toThrow('sourceIPs: must not be given together with trustedProxies')
  })
})
