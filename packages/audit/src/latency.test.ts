import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Latency } from './latency.ts'

/** The annotation of a step that took so long. */
function shown(seconds: number): string | undefined {
  const latency = new Latency()
  latency.authentication += seconds
  const annotations: Record<string, string> = {}
  latency.addTo(annotations, 1)
  return annotations['apiserver.latency.k8s.io/authentication']
}

describe('a duration', () => {
  it.each([
    [0, undefined],
    [1e-10, '0s'],
    [1e-9, '1ns'],
    [317e-9, '317ns'],
    [3.056e-6, '3.056µs'],
    [57e-6, '57µs'],
    [629.994e-6, '629.994µs'],
    [0.1, '100ms'],
    [0.0057312, '5.7312ms'],
    [0.9999999996, '1s'],
    [1.5, '1.5s'],
    [16.005122724, '16.005122724s'],
    [60, '1m0s'],
    [61.05, '1m1.05s'],
    [3600, '1h0m0s'],
    [7325.25, '2h2m5.25s'],
  ])('of %d s is %s', (seconds, text) => {
    expect(shown(seconds)).toBe(text)
  })

  it('is what Go reads as the same', () => {
    const units: Readonly<Record<string, number>> = { ns: 1, µs: 1e3, ms: 1e6, s: 1e9, m: 60e9, h: 3600e9 }
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e14 }), (nanoseconds) => {
        const parts = [...(shown(nanoseconds / 1e9) ?? '').matchAll(/(\d+)(?:\.(\d+))?(ns|µs|ms|s|m|h)/g)]
        const read = parts.reduce((sum, [, whole = '', digits = '', unit = '']) => {
          const of = units[unit] ?? 0
          return sum + Number(whole) * of + Math.round(Number(`0.${digits || '0'}`) * of)
        }, 0)
        expect(read).toBe(Math.round((nanoseconds / 1e9) * 1e9))
      }),
    )
  })
})

describe('the latency of a request', () => {
  it.each([
    [0.5, {}],
    [NaN, {}],
    [-1, {}],
    [
      0.501,
      {
        'apiserver.latency.k8s.io/authentication': '300ms',
        'apiserver.latency.k8s.io/authorization': '2µs',
        'apiserver.latency.k8s.io/total': '501ms',
      },
    ],
  ])('of %d s is told by the steps that it had', (total, expected) => {
    const latency = new Latency()
    latency.authentication += 0.3
    latency.authorization += 1e-6
    latency.authorization += 1e-6
    const annotations = {}
    latency.addTo(annotations, total)
    expect(annotations).toEqual(expected)
  })
})
