import { describe, expect, it } from 'vitest'
import { availability } from './availability.ts'

describe('availability', () => {
  it('says how long each kind was not answered at most', () => {
    let nowMs = 0
    const kinds = availability(() => nowMs)
    const at = (milliseconds: number, kind: string, isAnswered: boolean): void => {
      nowMs = milliseconds
      kinds.note(kind, isAnswered)
    }
    at(0, 'steady', true)
    at(100, 'shaky', true)
    at(400, 'shaky', false)
    at(1600, 'shaky', false)
    at(1700, 'shaky', true)
    at(2000, 'shaky', false)
    at(9000, 'steady', true)
    expect(kinds.table().split('\n')).toEqual([
      expect.stringMatching(/^steady +2 answers +0 failures  always there$/),
      expect.stringMatching(/^shaky +2 answers +3 failures  away for 1\.5 s at most$/),
    ])
  })

  it('counts from the first request if none was answered', () => {
    let nowMs = 500
    const kinds = availability(() => nowMs)
    kinds.note('a', false)
    nowMs = 2500
    kinds.note('a', false)
    expect(kinds.table()).toMatch(/0 answers +2 failures {2}away for 2\.0 s at most$/)
  })
})
