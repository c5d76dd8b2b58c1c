import { inOneStep } from '@kube-authn/core/internal'
import { fixedClock } from '@kube-authn/testing'
import { describe, expect, it } from 'vitest'
import { reloadingSource } from './reloading-source.ts'

describe('reloadingSource', () => {
  it('reads what looks the same once more, since it may have been written twice at the same time, and then no more', () => {
    const clock = fixedClock()
    let stamp = 'one'
    let content = 'first'
    let reads = 0
    const source = reloadingSource<string, string>(
      {
        name: 'source',
        parameter: 'path',
        stamp: () => stamp,
        read: () => inOneStep(() => ({ content, digest: String(reads++ >= 0 && content) })),
        isEmpty: () => false,
        directories: () => new Set(),
      },
      (text) => inOneStep(() => text),
      { clock, pollSeconds: 1.5, settleSeconds: 0.1, isVerdictFinal: true },
    )
    const look = (): void => {
      clock.advance(1500)
      clock.advance(100)
    }
    // Within the resolution of the times, which are then inconclusive.
    content = 'second'
    look()
    expect([source.current(), reads]).toEqual(['second', 2])
    look()
    expect(reads).toBe(3)
    look()
    look()
    expect(reads).toBe(3)
    stamp = 'two'
    content = 'third'
    look()
    expect([source.current(), reads]).toEqual(['third', 4])
    source.close()
  })
})
