import { describe, expect, it } from 'vitest'
import { evaluated } from '../../test/cel.ts'
import { CelCompileError, CelEvaluationError, type CelValue } from '../kubernetes/index.ts'

const claims = { at: '2026-07-02T23:04:05.120Z', for: '1h30m' }

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
    expect(evaluated(expression, claims)).toEqual(expected)
  })

  it.each(['', '1', 'h', '.h', '1d', '1h-1m', ' 1h', '1h ', '+', '-', '99999999999h', '1e3s', '1.2.3s'])(
    'is not %j',
    (text) => {
      expect(() => evaluated('duration(claims.x)', { x: text })).toThrow(
        new CelEvaluationError("type conversion error from 'string' to 'google.protobuf.Duration'"),
      )
      expect(() => evaluated(`duration("${text}")`)).toThrow(CelCompileError)
    },
  )
})

describe('a time', () => {
  it.each<[string, CelValue]>([
    ['timestamp(claims.at) == timestamp("2026-07-03T01:04:05.12+02:00")', true],
    ['timestamp(claims.at) < timestamp("2026-07-03T00:00:00Z")', true],
    ['timestamp("2026-01-01T00:00:00.000000001Z") > timestamp("2026-01-01T00:00:00Z")', true],
    [
      'timestamp("2026-01-01T00:00:00Z") + duration("1ns") == timestamp("2026-01-01T00:00:00.000000001Z")',
      true,
    ],
    ['string(timestamp("2026-01-01T00:00:00.123456789Z"))', '2026-01-01T00:00:00.123456789Z'],
    ['duration("24h") + timestamp(0) == timestamp(86400)', true],
    ['timestamp(0) == null', false],
    ['duration("1s") != null', true],
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
    expect(evaluated(expression, claims)).toEqual(expected)
  })

  it.each<[string, unknown, string]>([
    [
      'timestamp(claims.x)',
      'Tue Nov 25 2026 00:00',
      "type conversion error from 'string' to 'google.protobuf.Timestamp'",
    ],
    [
      'timestamp(claims.x)',
      '2026-02-30T00:00:00Z',
      "type conversion error from 'string' to 'google.protobuf.Timestamp'",
    ],
    ['timestamp(claims.x)', '0000-01-01T00:00:00Z', 'timestamp overflow'],
    ['timestamp(int(claims.x))', 253_402_300_800, 'timestamp overflow'],
    ['timestamp(claims.x) + duration("1ns")', '9999-12-31T23:59:59.999999999Z', 'timestamp overflow'],
    ['timestamp(claims.x) - duration("1ns")', '0001-01-01T00:00:00Z', 'timestamp overflow'],
    ['timestamp(claims.x) - timestamp("0001-01-01T00:00:00Z")', '9999-12-31T23:59:59Z', 'integer overflow'],
    ['duration(claims.x) + duration("2562047h")', '1h', 'integer overflow'],
    ['timestamp(claims.x).getHours("Nowhere/None")', '2026-01-01T00:00:00Z', 'unknown time zone'],
  ])('%s is an error of %j', (expression, x, message) => {
    expect(() => evaluated(expression, { x })).toThrow(new CelEvaluationError(message))
  })

  it.each([
    ['timestamp("2026-02-30T00:00:00Z")', '<input>:1:11: invalid timestamp argument'],
    ['timestamp(253402300800)', '<input>:1:11: invalid timestamp argument'],
    ['duration("1d")', '<input>:1:10: invalid duration argument'],
    [
      'false && timestamp(string("x")) == timestamp(0)',
      'program instantiation failed: type conversion error',
    ],
  ])('%s does not compile', (expression, message) => {
    expect(() => evaluated(expression)).toThrow(CelCompileError)
    expect(() => evaluated(expression)).toThrow(message)
  })
})

describe('a number', () => {
  it.each<[string, CelValue]>([
    ['int("-012")', -12n],
    ['uint("12") == 12u', true],
    ['uint(1.9) == 1u', true],
    ['double("1.5e3")', 1500],
    ['double("5.")', 5],
    ['bool("T")', true],
    ['bool("F")', false],
    ['int(-1.9)', -1n],
    ['size(b"é")', 2n],
    ['b"é" == bytes("é")', true],
    ['b"\\x00é\\n" == bytes("\\u0000é\\n")', true],
  ])('%s', (expression, expected) => {
    expect(evaluated(expression, claims)).toEqual(expected)
  })

  it.each<[string, unknown, string]>([
    ['int(claims.x)', 1e30, 'integer overflow'],
    ['int(claims.x)', '0b1', "type conversion error from 'string' to 'int'"],
    ['int(claims.x)', '9223372036854775808', "type conversion error from 'string' to 'int'"],
    ['uint(claims.x)', '', "type conversion error from 'string' to 'uint'"],
    ['uint(claims.x)', '0b1', "type conversion error from 'string' to 'uint'"],
    ['uint(claims.x)', -1, 'unsigned integer overflow'],
    ['uint(claims.x)', -0.5, 'unsigned integer overflow'],
    ['1u - uint(claims.x) == 0u', 2, 'unsigned integer overflow'],
    ['double(claims.x)', '0x10', "type conversion error from 'string' to 'double'"],
    ['double(claims.x)', '', "type conversion error from 'string' to 'double'"],
    ['double(claims.x)', '-nan', "type conversion error from 'string' to 'double'"],
    ['bool(claims.x)', 'yes', "type conversion error from 'string' to 'bool'"],
  ])('%s is an error of %j', (expression, x, message) => {
    expect(() => evaluated(expression, { x })).toThrow(new CelEvaluationError(message))
  })

  it.each(['int("1.5")', 'uint(-1)', 'double("x")', 'bool("yes")', 'string(b"\\xff")', 'int(string("x"))'])(
    '%s does not compile',
    (expression) => {
      expect(() => evaluated(expression)).toThrow(CelCompileError)
      expect(() => evaluated(expression)).toThrow('program instantiation failed: ')
    },
  )
})
