import { describe, expect, it } from 'vitest'
import { splitUrl, UrlProblem } from './go-url.ts'

const none = { scheme: '', opaque: '', userinfo: undefined, host: '', path: '', query: undefined }

describe('splitUrl', () => {
  it.each([
    ['https://a', { scheme: 'https', host: 'a' }],
    ['HTTPS://a:8443/x?y', { scheme: 'https', host: 'a:8443', path: '/x', query: 'y' }],
    ['https://a?', { scheme: 'https', host: 'a', query: '' }],
    ['https://u:p@a', { scheme: 'https', userinfo: 'u:p', host: 'a' }],
    ['https://u@p@a', { scheme: 'https', userinfo: 'u@p', host: 'a' }],
    ['https://@a', { scheme: 'https', userinfo: '', host: 'a' }],
    ['https://[::1]:1/', { scheme: 'https', host: '[::1]:1', path: '/' }],
    ['a/b', { path: 'a/b' }],
    ['//a/b', { host: 'a', path: '/b' }],
    ['///a', { path: '///a' }],
    ['https:a%zz', { scheme: 'https', opaque: 'a%zz' }],
    ['*', { path: '*' }],
    ['', {}],
  ])('reads %j', (text, expected) => {
    expect(splitUrl(text, false)).toEqual({ ...none, ...expected })
  })

  it.each([
    ['https://a:b', 'invalid port ":b" after host'],
    ['https://a b', 'invalid character " " in host name'],
    ['https://[ ]', 'invalid character " " in host name'],
    ['https://[%41]', 'invalid URL escape "%41"'],
    ['https://[fe80::1%25 ]', 'invalid character " " in host name'],
    ['https://[::1', "missing ']' in host"],
    ['https://a/%zz', 'invalid URL escape "%zz"'],
    ['https://a\n', 'net/url: invalid control character in URL'],
    ['://a', 'missing protocol scheme'],
    ['1a:b', 'first path segment in URL cannot contain colon'],
    ['https://u^@a', 'net/url: invalid userinfo'],
    ['https://u^@a:b', 'invalid port ":b" after host'],
    ['https://u%zz@a', 'invalid URL escape "%zz"'],
    ['https://a%41', 'invalid URL escape "%41"'],
  ])('refuses %j', (text, message) => {
    expect(() => splitUrl(text, false)).toThrow(new UrlProblem(message))
  })

  it.each([
    ['', 'empty url'],
    ['a/b', 'invalid URI for request'],
  ])('refuses %j as the target of a request', (text, message) => {
    expect(() => splitUrl(text, true)).toThrow(new UrlProblem(message))
  })

  it('reads no authority in the target of a request', () => {
    expect(splitUrl('//a/b', true)).toEqual({ ...none, path: '//a/b' })
  })
})
