import { describe, expect, it } from 'vitest'
import { evaluated } from '../../test/cel.ts'
import { CelCompileError, type CelValue } from '../kubernetes/index.ts'

describe('a format with a name', () => {
  it.each([
    ['dns1123Label', 'a-1', true],
    ['dns1123Label', '-a', false],
    ['dns1123Label', 'a'.repeat(64), false],
    ['dns1123LabelPrefix', 'a-', true],
    ['dns1123Subdomain', 'a.b-c.d', true],
    ['dns1123Subdomain', 'a..b', false],
    ['dns1123SubdomainPrefix', 'a.-', true],
    ['dns1123SubdomainPrefix', 'a.', false],
    ['dns1123SubdomainPrefix', 'a.b-', true],
    ['dns1035Label', 'a1', true],
    ['dns1035Label', '1a', false],
    ['dns1035LabelPrefix', 'a-', true],
    ['qualifiedName', 'a.b/C_d', true],
    ['qualifiedName', 'a/b/c', false],
    ['labelValue', '', true],
    ['labelValue', 'a/b', false],
    ['uri', 'https://a', true],
    ['uri', 'a', false],
    ['uuid', '123E4567-e89b-12d3-a456-426614174000', true],
    ['uuid', '123e4567', false],
    ['byte', 'aGVsbG8=', true],
    ['byte', 'aGVsbG8', false],
    ['byte', '', false],
    ['date', '2024-02-29', true],
    ['date', '2023-02-29', false],
    ['date', '2023-2-1', false],
    ['datetime', '2023-02-01t00:00:00.5+01:00', true],
    ['datetime', '2023-02-01T24:00:00Z', false],
    ['datetime', '2023-02-01', false],
  ])('%s of %j is right: %s', (name, text, expected) => {
    const outcome = (expression: string): CelValue => evaluated(expression, { x: text })
    expect(outcome(`!format.${name}().validate(claims.x).hasValue()`)).toBe(expected)
    expect(outcome(`!format.named("${name}").value().validate(claims.x).hasValue()`)).toBe(expected)
  })

  it.each<[string, CelValue]>([
    ['format.named("nope").hasValue()', false],
    ['format.uuid().validate("x").orValue([])', ['does not match the UUID format']],
    ['format.uri().validate("a b").value()[0]', 'parse "a b": invalid URI for request'],
    [
      'format.dns1035Label().validate("A").value().join()',
      "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')",
    ],
    ['format.uuid() == format.named("uuid").value()', true],
    ['[1].map(format, format + 1)', [2n]],
  ])('%s', (expression, expected) => {
    expect(evaluated(expression)).toEqual(expected)
  })

  it.each([
    'format',
    'format.nope()',
    'format.uuid',
    'format.uuid(1)',
    'format.named(1)',
    'format.uuid().validate(1)',
  ])('%s does not compile', (expression) => {
    expect(() => evaluated(expression)).toThrow(CelCompileError)
  })
})
