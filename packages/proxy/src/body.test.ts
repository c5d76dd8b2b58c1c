import { isStatusError } from '@kube-authn/core/internal'
import { describe, expect, it } from 'vitest'
import { bodyOf, hasContent } from './body.ts'
import type { NodeMessage } from './node-types.ts'

const message = (method: string, ...rawHeaders: readonly string[]): NodeMessage =>
  ({ method, rawHeaders }) as unknown as NodeMessage
const overHttp2 = (method: string, endAfterHeaders: boolean): NodeMessage =>
  ({ method, rawHeaders: [], stream: { endAfterHeaders } }) as unknown as NodeMessage

// Node's parser refuses most of these itself.
describe('the body of a request', () => {
  it.each<[string, readonly string[], number]>([
    ['a length beside chunks', ['Content-Length', '1', 'Transfer-Encoding', 'chunked'], 400],
    ['chunks before a length', ['Transfer-Encoding', 'chunked', 'Content-Length', '0'], 400],
    ['two lengths', ['Content-Length', '1', 'content-length', '2'], 400],
    ['the same length twice', ['Content-Length', '1', 'Content-Length', '1'], 400],
    ['two lengths in a line', ['Content-Length', '1, 1'], 400],
    ['an empty length', ['Content-Length', ''], 400],
    ['a negative length', ['Content-Length', '-1'], 400],
    ['a length with a sign', ['Content-Length', '+1'], 400],
    ['a length in hex', ['Content-Length', '0x1'], 400],
    ['a length of 16 digits', ['Content-Length', '1'.repeat(16)], 400],
    ['another coding', ['Transfer-Encoding', 'gzip'], 501],
    ['another coding before chunks', ['Transfer-Encoding', 'gzip, chunked'], 501],
    ['chunks twice', ['Transfer-Encoding', 'chunked', 'Transfer-Encoding', 'chunked'], 501],
    ['a name that contains the coding', ['Transfer-Encoding', 'xchunked'], 501],
  ])('is refused with %s', (_, rawHeaders, status) => {
    const body = bodyOf(message('POST', ...rawHeaders))
    expect(isStatusError(body) && body.status).toBe(status)
  })

  it.each<[string, readonly string[], object, boolean]>([
    ['POST', ['Content-Length', ' 12 '], { kind: 'sized', length: '12' }, true],
    ['GET', ['content-length', '000'], { kind: 'sized', length: '000' }, false],
    ['POST', ['content-length', '10'], { kind: 'sized', length: '10' }, true],
    ['GET', ['Transfer-Encoding', 'Chunked'], { kind: 'chunked' }, true],
    ['PUT', [], { kind: 'sized', length: '0' }, false],
    ['GET', [], { kind: 'none' }, false],
  ])('of %s %j is %j', (method, rawHeaders, expected, isThere) => {
    const body = bodyOf(message(method, ...rawHeaders))
    expect(body).toEqual(expected)
    expect(!isStatusError(body) && hasContent(body)).toBe(isThere)
  })

  it.each([
    ['GET', true, { kind: 'none' }],
    ['GET', false, { kind: 'chunked' }],
    ['POST', true, { kind: 'sized', length: '0' }],
    ['POST', false, { kind: 'chunked' }],
  ])(
    'of %s over HTTP/2 whose stream ends after its headers, %s, is %j',
    (method, endAfterHeaders, expected) => {
      expect(bodyOf(overHttp2(method, endAfterHeaders))).toEqual(expected)
    },
  )
})
