import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { printedSeconds, readDuration } from './go-duration.ts'

describe('a duration', () => {
  it.each([
    ['0', 0],
    ['0s', 0],
    ['+5s', 5],
    ['-1.5h', -5400],
    ['2m0s', 120],
    ['1h2m3s4ms', 3723.004],
    ['.5s', 0.5],
    ['1.s', 1],
    ['1000us', 0.001],
    ['1000µs', 0.001],
    ['1000μs', 0.001],
    ['1s1s', 2],
    ['2562047h', 9_223_369_200],
  ])('%j', (text, seconds) => {
    expect(readDuration(text)).toEqual({ seconds: expect.closeTo(seconds, 6) })
  })

  it.each([
    ['', 'time: invalid duration ""'],
    ['-', 'time: invalid duration "-"'],
    ['s', 'time: invalid duration "s"'],
    ['.s', 'time: invalid duration ".s"'],
    ['1', 'time: missing unit in duration "1"'],
    ['1.5', 'time: missing unit in duration "1.5"'],
    ['1s2', 'time: missing unit in duration "1s2"'],
    ['1d', 'time: unknown unit "d" in duration "1d"'],
    ['1S', 'time: unknown unit "S" in duration "1S"'],
    ['1 s', 'time: unknown unit " s" in duration "1 s"'],
    ['1constructor', 'time: unknown unit "constructor" in duration "1constructor"'],
    ['3000000h', 'time: invalid duration "3000000h"'],
    ['--1s', 'time: invalid duration "--1s"'],
  ])('%j is none', (text, problem) => {
    expect(readDuration(text)).toEqual({ problem })
  })

  it('is read or refused, whatever it is, and never infinite', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[-+\d.nuµmsh]{0,20}$/), (text) => {
        const reading = readDuration(text)
        expect('seconds' in reading ? Number.isFinite(reading.seconds) : reading.problem).not.toBe(false)
      }),
    )
  })
})

describe('a number of seconds', () => {
  it.each([
    [0, '0s'],
    [1e-9, '1ns'],
    [1.5e-6, '1.5µs'],
    [0.25, '250ms'],
    [1, '1s'],
    [-1.5, '-1.5s'],
    [60, '1m0s'],
    [-30, '-30s'],
    [3723.004, '1h2m3.004s'],
    [300, '5m0s'],
  ])('%d is printed as Go does', (seconds, text) => {
    expect(printedSeconds(seconds)).toBe(text)
  })

  it('is read again as it was printed', () => {
    fc.assert(
      fc.property(fc.integer({ min: -1e12, max: 1e12 }), (milliseconds) => {
        expect(readDuration(printedSeconds(milliseconds / 1000))).toEqual({
          seconds: expect.closeTo(milliseconds / 1000, 6),
        })
      }),
    )
  })
})
