import { describe, expect, it } from 'vitest'
import { request } from '../../../testing/test/fakes.ts'
import { joinedHeaders } from '@kube-authn/core/internal'
import { contentTypeOf, requireJsonAccepted, REVIEW_TYPES } from './media-types.ts'

const headers = (name: string, ...values: readonly string[]) =>
  request({ headers: values.map((value) => [name, value] as const) }).headers

describe('contentTypeOf', () => {
  it.each([
    ['nothing', [], 'application/json'],
    ['an empty header', [''], 'application/json'],
    ['JSON', ['application/json'], 'application/json'],
    ['JSON in capitals', ['Application/JSON'], 'application/json'],
    ['JSON with a charset', ['application/json; charset=utf-8'], 'application/json'],
    ['JSON with a quoted charset', ['application/json;charset="utf-8" ;'], 'application/json'],
    ['protobuf', ['application/vnd.kubernetes.protobuf'], 'application/vnd.kubernetes.protobuf'],
    [
      'protobuf of a stated type',
      ['application/vnd.kubernetes.protobuf;type=x'],
      'application/vnd.kubernetes.protobuf',
    ],
  ])('takes %s', (_, values, expected) => {
    expect(contentTypeOf(headers('content-type', ...values), REVIEW_TYPES)).toBe(expected)
  })

  it.each([
    'text/plain',
    'application/yaml',
    'application/cbor',
    'application/json-patch+json',
    'application/vnd.kubernetes.protobufs',
    'application/*',
    '*/*',
    'json',
    ';',
    '; charset=utf-8',
    'application/json; charset',
    'application/json; =utf-8',
    'application/json; charset=a b',
    'application/json, application/json',
    '__proto__',
  ])('refuses %s with a 415 that says what is taken', (value) => {
    expect(() => contentTypeOf(headers('content-type', value), REVIEW_TYPES)).toThrow(
      expect.objectContaining({
        status: 415,
        message:
          'the body of the request was in an unknown format - accepted media types include: application/json, application/vnd.kubernetes.protobuf',
      }),
    )
  })

  it('refuses headers that a runtime joined', () => {
    const joined = new Headers([
      ['content-type', 'application/json'],
      ['content-type', 'text/plain'],
    ])
    expect(() => contentTypeOf(joinedHeaders(joined), REVIEW_TYPES)).toThrow(
      expect.objectContaining({ status: 415 }),
    )
  })
})

describe('requireJsonAccepted', () => {
  it.each([
    ['no header', []],
    ['an empty header', ['']],
    ['JSON', ['application/json']],
    ['JSON in capitals', ['Application/Json']],
    ['what kubectl sends', ['application/vnd.kubernetes.protobuf,application/json']],
    ['what kube-apiserver sends to webhooks', ['application/json, */*']],
    ['what clients of protobuf send', ['application/vnd.kubernetes.protobuf, */*']],
    ['anything', ['*/*']],
    ['any application', ['application/*']],
    ['JSON after what cannot be had', ['application/json;as=Table;v=v1;g=meta.k8s.io,application/json']],
    ['JSON of a quality', ['text/html, application/json;q=0.1']],
    ['JSON with an option', ['application/json;pretty=1']],
    ['JSON with an empty transformation', ['application/json;as=']],
    ['two headers', ['text/html', 'application/json']],
  ])('lets %s pass', (_, values) => {
    expect(() => requireJsonAccepted(headers('accept', ...values))).not.toThrow()
  })

  it.each([
    ['protobuf alone', ['application/vnd.kubernetes.protobuf']],
    ['YAML', ['application/yaml']],
    ['another type', ['text/*']],
    ['a table alone', ['application/json;as=Table;v=v1;g=meta.k8s.io']],
    ['a stream', ['application/json;stream=watch']],
    ['JSON of no quality', ['application/json;q=0']],
    ['JSON of no quality that is written in another way', ['application/json; q = 0.000']],
    ['JSON of a quality that is none', ['application/json;q=x']],
    ['a range that is none', ['*/json']],
    ['commas', [',,']],
  ])('refuses %s with a 406 that says what there is', (_, values) => {
    expect(() => requireJsonAccepted(headers('accept', ...values))).toThrow(
      expect.objectContaining({
        status: 406,
        message: 'only the following media types are accepted: application/json',
      }),
    )
  })
})
