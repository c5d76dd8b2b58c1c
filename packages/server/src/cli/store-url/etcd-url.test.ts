import { describe, expect, it } from 'vitest'
import { readEtcdUrl } from './store-url.ts'

describe('the URL of an etcd', () => {
  it.each([
    ['etcd://a:2379', { endpoints: ['https://a:2379'], allowInsecureHttp: false }],
    ['etcd://a:2379/', { endpoints: ['https://a:2379'], allowInsecureHttp: false }],
    ['etcd+http://127.0.0.1:2379', { endpoints: ['http://127.0.0.1:2379'], allowInsecureHttp: true }],
    ['etcd+http://[::1]:2379', { endpoints: ['http://[::1]:2379'], allowInsecureHttp: true }],
    [
      'etcd://a:1,b:2/x/y?caFile=/ca%20.crt&certFile=c&keyFile=k',
      {
        endpoints: ['https://a:1', 'https://b:2'],
        allowInsecureHttp: false,
        prefix: '/x/y/',
        caFile: '/ca .crt',
        certFile: 'c',
        keyFile: 'k',
      },
    ],
    [
      'etcd://jane:p%40ss%3a@a:1/x/',
      {
        endpoints: ['https://a:1'],
        allowInsecureHttp: false,
        prefix: '/x/',
        username: 'jane',
        password: 'p@ss:',
      },
    ],
  ])('%s has its options', (value, options) => {
    expect(readEtcdUrl(value)).toMatchObject({ options })
    expect(readEtcdUrl(value)).toMatchObject({ shown: expect.not.stringContaining('p%40ss') })
  })

  it.each([
    'etcd:',
    'etcd://',
    'etcd:///x',
    'etcd://a:b',
    'etcd://a:1,',
    'etcd://a:1,b:99999',
    'etcd://a:1#x',
    'etcd://hunter2@a:1',
    'etcd://jane:@a:1',
    'etcd://jane:hunter2%zz@a:1',
    'etcd://a:1?cafile=x',
    'etcd://a:1?caFile=',
    'etcd://a:1?caFile=x&caFile=y',
    'etcd://a:1?__proto__=x',
    'etcd+http://etcd.example.com:2379',
    'etcd+http://127.0.0.1:1,10.0.0.1:1',
    'etcd+http://127.0.0.1.example.com:1',
  ])('%s is none', (value) => {
    const { problem } = { problem: undefined, ...readEtcdUrl(value) }
    expect(problem).toMatch(/^must /)
    expect(problem).not.toContain('hunter2')
  })
})
