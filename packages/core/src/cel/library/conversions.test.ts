import { describe, expect, it } from 'vitest'
import { CelEvaluationError, type CelValue } from '../cel.ts'
import { celCompiler } from '../compiler.ts'

const compiler = celCompiler()

function evaluated(expression: string): CelValue {
  return compiler.compile('claims', expression).evaluate({ at: '2026-07-02T23:04:05.120Z', for: '1h30m' })
}

describe('a duration', () => {
  it.each<[string, CelValue]>([
    ['duration(claims["for"]) == duration("90m")', true],
    ['duration("1h") > duration("59m59s")', true],
    ['string(duration("1h30m"))', '5400s'],
    ['string(duration("1.5s"))', '1.5s'],
    ['string(duration("-1.5s"))', '-1.5s'],
    ['string(duration(".5h"))', '1800s'],
    ['string(duration("1ns"))', '0.000000001s'],
    ['string(duration("0"))', '0s'],
    ['duration("-500ms") + duration("1s") == duration("500ms")', true],
    ['duration("1s") - duration("1500ms") == duration("-500ms")', true],
    ['duration("-90m").getHours()', -1n],
    ['duration("90m").getMinutes()', 90n],
    ['duration("1.5s").getMilliseconds()', 1500n],
    ['int(duration("1h"))', 3_600_000_000_000n],
  ])('%s', (expression, expected) => {
    expect(evaluated(expression)).toEqual(expected)
  })

  it.each(['', '1', 'h', '.h', '1d', '1h-1m', ' 1h', '1h ', '+', '-', '99999999999h', '1e3s', '1.2.3s'])(
    'is not %j',
    (text) => {
      expect(() => evaluated(`duration("${text}")`)).toThrow(
        new CelEvaluationError("type conversion error from 'string' to 'google.protobuf.Duration'"),
      )
    },
  )
})

describe('a time', () => {
  it.each<[string, CelValue]>([
    ['timestamp(claims.at) == timestamp("2026-07-03T01:04:05.12+02:00")', true],
    ['timestamp(claims.at) < timestamp("2026-07-03T00:00:00Z")', true],
    ['timestamp(claims.at) + duration("1h") == timestamp("2026-07-03T00:04:05.120Z")', true],
    ['string(timestamp(claims.at))', '2026-07-02T23:04:05.12Z'],
    ['int(timestamp("1970-01-02T00:00:00Z"))', 86_400n],
    ['timestamp(claims.at).getFullYear()', 2026n],
    ['timestamp(claims.at).getMonth()', 6n],
    ['timestamp(claims.at).getDate()', 2n],
    ['timestamp(claims.at).getDayOfMonth()', 1n],
    ['timestamp(claims.at).getDayOfWeek()', 4n],
    ['timestamp(claims.at).getDayOfYear()', 182n],
    ['timestamp("2026-01-01T00:00:00Z").getDayOfYear()', 0n],
    ['timestamp(claims.at).getHours()', 23n],
    ['timestamp(claims.at).getMinutes()', 4n],
    ['timestamp(claims.at).getSeconds()', 5n],
    ['timestamp(claims.at).getMilliseconds()', 120n],
    ['timestamp(claims.at).getHours("Europe/Paris")', 1n],
    ['timestamp(claims.at).getDate("Europe/Paris")', 3n],
    ['timestamp(claims.at).getDayOfYear("America/New_York")', 182n],
    ['timestamp(claims.at).getMilliseconds("America/New_York")', 120n],
    ['timestamp(claims.at).getDate("+02:00")', 3n],
    ['timestamp(claims.at).getMinutes("-02:30")', 34n],
    ['timestamp(claims.at).getHours("02:00")', 1n],
    ['timestamp(claims.at).getHours("")', 23n],
  ])('%s', (expression, expected) => {
    expect(evaluated(expression)).toEqual(expected)
  })

  it.each([
    [
      'timestamp("Tue Nov 25 2026 00:00")',
      "type conversion error from 'string' to 'google.protobuf.Timestamp'",
    ],
    [
      'timestamp("2026-02-30T00:00:00Z")',
      "type conversion error from 'string' to 'google.protobuf.Timestamp'",
    ],
    ['timestamp("0000-01-01T00:00:00Z")', 'timestamp overflow'],
    ['timestamp(253402300800)', 'timestamp overflow'],
    ['timestamp(claims.at).getHours("Nowhere/None")', 'unknown time zone'],
  ])('is not %s', (expression, message) => {
    expect(() => evaluated(expression)).toThrow(new CelEvaluationError(message))
  })
})

describe('a number', () => {
  it.each<[string, CelValue]>([
    ['int("-012")', -12n],
    ['uint("12") == 12u', true],
    ['uint(1.9) == 1u', true],
    ['double("1.5e3")', 1500],
    ['double("5.")', 5],
  ])('%s', (expression, expected) => {
    expect(evaluated(expression)).toEqual(expected)
  })

  it.each([
    ['int(1e30)', 'integer overflow'],
    ['int("0b1")', "type conversion error from 'string' to 'int'"],
    ['int("9223372036854775808")', "type conversion error from 'string' to 'int'"],
    ['uint("")', "type conversion error from 'string' to 'uint'"],
    ['uint("0b1")', "type conversion error from 'string' to 'uint'"],
    ['uint(-1)', 'unsigned integer overflow'],
    ['uint(-0.5)', 'unsigned integer overflow'],
    ['1u - 2u == 0u', 'unsigned integer overflow'],
    ['double("0x10")', "type conversion error from 'string' to 'double'"],
    ['double("")', "type conversion error from 'string' to 'double'"],
    ['string(b"\\xff")', 'invalid UTF-8 in bytes, cannot convert to string'],
  ])('is not %s', (expression, message) => {
    expect(() => evaluated(expression)).toThrow(new CelEvaluationError(message))
  })
})
