import { describe, expect, it } from 'vitest'
import { certificateRequestIn, requestedSubject, textOf } from './certificate-request.ts'

describe('the subject of a request', () => {
  const subjectOf = (...attributes: readonly (readonly [string, string])[]) =>
    requestedSubject({
      subject: { der: new Uint8Array(), attributes: attributes.map(([type, value]) => ({ type, value })) },
    }).map(({ type, value }) => [type, value])

  it.each(['2.5.4.6', '2.5.4.10', '2.5.4.11', '2.5.4.7', '2.5.4.8', '2.5.4.9', '2.5.4.17'])(
    'has every %s',
    (type) => {
      expect(subjectOf([type, 'a'], [type, ''], [type, 'b'])).toEqual([
        [type, 'a'],
        [type, ''],
        [type, 'b'],
      ])
    },
  )

  it.each(['2.5.4.3', '2.5.4.5'])('has the last %s', (type) => {
    expect(subjectOf([type, 'a'], [type, 'b'])).toEqual([[type, 'b']])
    expect(subjectOf([type, 'a'], [type, ''])).toEqual([])
  })

  it.each(['1.3.6.1.4.1.57683.2', '0.9.2342.19200300.100.1.1', '2.5.4.4', ''])('has no %s', (type) => {
    expect(subjectOf([type, 'a'])).toEqual([])
  })

  it('has its attributes in the order of Go', () => {
    const types = '2.5.4.6 2.5.4.10 2.5.4.11 2.5.4.7 2.5.4.8 2.5.4.9 2.5.4.17 2.5.4.3 2.5.4.5'.split(' ')
    const reversed = types.toReversed().map((type): [string, string] => [type, 'a'])
    expect(subjectOf(...reversed).map(([type]) => type)).toEqual(types)
  })
})

describe('a request', () => {
  it.each([
    ['no base64', '!'],
    ['nothing', ''],
    ['no PEM', btoa('x')],
    ['a certificate', btoa('-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n')],
  ])('is not %s', (_, text) => {
    expect(() => certificateRequestIn(text)).toThrow('PEM block type must be CERTIFICATE REQUEST')
  })

  it('in what is not base64 is empty', () => {
    expect([textOf('!'), textOf(btoa('\xFF'))]).toEqual(['', '\xFF'])
  })
})
