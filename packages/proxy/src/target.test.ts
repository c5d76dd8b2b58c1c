import { describe, expect, it } from 'vitest'
import { forwardedTarget } from './target.ts'

const statusOf = (target: string, prefix = ''): unknown => {
  const result = forwardedTarget(target, prefix)
  return typeof result === 'string' ? result : result.status
}

describe('forwardedTarget', () => {
  it.each([
    '/',
    '/api/v1/pods?watch=1&x=..%2f..',
    '/api/v1/namespaces/a%2Fb/pods',
    '/a/...',
    '/a/..b/.c.',
    '/a;../.c;/...;d',
    '/a//b',
    '/%252e%252e/',
    "/a;b=c,d@e:f!$&'()*+=|^[]{}",
    '/?//host/..',
    '/a?http://other.example.com/#'.slice(0, -1),
  ])('forwards %s as it is', (target) => {
    expect(statusOf(target)).toBe(target)
    expect(statusOf(`/cluster${target}`, '/cluster')).toBe(target)
  })

  it.each([
    '',
    '*',
    'http://other.example.com/api',
    'https://other.example.com/',
    'other.example.com:443',
    'api',
    '//other.example.com/api',
    '///api',
    '/..',
    '/../api',
    '/api/..',
    '/api/./v1',
    '/.',
    '/api/%2e%2e/x',
    '/api/..;/x',
    '/api/.;a=b/x',
    '/api/%2e%2E;a/x',
    '/api/..%3b/x',
    '/api/x/..;',
    '/api/%2E./x',
    '/api/..%2fx',
    '/a%2f..%2Fb',
    '/a%5c..%5Cb',
    String.raw`/a\..\b`,
    '/a#b',
    '/a b',
    '/a\r\nX: y',
    '/\u00e4',
    '/\0',
    '/%',
    '/%2',
    '/a%zz',
  ])('refuses %j', (target) => {
    expect(statusOf(target)).toBe(400)
  })

  it.each([
    ['/cluster', '/'],
    ['/cluster?a=/b', '/?a=/b'],
    ['/cluster/', '/'],
    ['/cluster//api', 400],
    ['/cluster/../api', 400],
    ['/clusters', 404],
    ['/clusterx/api', 404],
    ['/Cluster/api', 404],
    ['/%63luster/api', 404],
    ['/cluster%2fapi', 404],
    ['/api', 404],
    ['/', 404],
    ['/api/cluster/', 404],
  ])('with the prefix /cluster, %s becomes %s', (target, expected) => {
    expect(statusOf(target, '/cluster')).toBe(expected)
  })
})
