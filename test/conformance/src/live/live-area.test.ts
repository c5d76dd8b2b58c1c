import { describe, expect, it } from 'vitest'
import type { Difference } from './difference.ts'
import { type Explanation, liveArea } from './live-area.ts'
import type { Recordings } from './recordings.ts'

const recordings: Recordings = {
  folder: '',
  has: (path) => path === 'there',
  files: () => [],
  text: () => '',
  json: () => {
    throw new Error('no JSON')
  },
  lines: () => [],
}
const status: Difference = { at: 'status', there: 403, here: 400 }
const body: Difference = { at: 'body', there: 'a', here: 'b' }
const ofStatus: Explanation<string> = { row: 'a row', explains: ({ at }) => at === 'status' }
const ofCase: Explanation<string> = { row: 'another', explains: (_, asked) => asked === 'odd' }

function replay(
  differences: readonly Difference[],
  explanations: readonly Explanation<string>[],
  { file = 'there', asked = 'even' } = {},
): ReturnType<ReturnType<typeof liveArea>['replay']> {
  const area = liveArea<string>({
    name: 'live-x',
    files: [file],
    explanations,
    compare: () => [{ id: '1', asked, differences }],
  })
  return area.replay(recordings)
}

describe('liveArea', () => {
  it('counts a case without differences', async () => {
    expect(await replay([], [])).toEqual({ passed: 1, failures: [], explained: new Map(), used: new Set() })
  })

  it('counts a case whose differences are all explained, once for each row', async () => {
    const result = await replay([status, status], [ofStatus])
    expect(result).toEqual({
      passed: 1,
      failures: [],
      explained: new Map([['a row', 1]]),
      used: new Set([ofStatus]),
    })
  })

  it('fails a case with one difference that is not explained, and tells that one', async () => {
    const result = await replay([status, body], [ofStatus])
    expect(result).toMatchObject({
      passed: 0,
      failures: ['live-x 1: body: there "a", here "b"'],
      explained: new Map(),
    })
  })

  it('explains by what was asked', async () => {
    expect(await replay([body], [ofCase], { asked: 'odd' })).toMatchObject({ passed: 1 })
    expect(await replay([body], [ofCase])).toMatchObject({ passed: 0 })
  })

  it('fails a case that must differ and does not, whatever else of it is explained', async () => {
    const strict: Explanation<string> = {
      row: 'another',
      explains: ({ at }) => at === 'body',
      always: (asked) => asked === 'odd',
    }
    expect(await replay([], [strict], { asked: 'odd' })).toMatchObject({
      passed: 0,
      failures: ['live-x 1: does not differ, as the row "another" says'],
    })
    expect(await replay([status], [ofStatus, strict], { asked: 'odd' })).toMatchObject({ passed: 0 })
    expect(await replay([body], [strict], { asked: 'odd' })).toMatchObject({ passed: 1 })
    expect(await replay([], [strict], { asked: 'even' })).toMatchObject({ passed: 1 })
  })

  it('tells which explanations were needed', async () => {
    const result = await replay([status], [ofCase, ofStatus])
    expect([...(result?.used ?? [])]).toEqual([ofStatus])
  })

  it('has no result where nothing is recorded', async () => {
    expect(await replay([status], [], { file: 'elsewhere' })).toBeUndefined()
  })

  it('has its explanations beside it', () => {
    const explanations = [ofStatus, ofCase]
    const area = liveArea({ name: 'live-x', files: [], explanations, compare: () => [] })
    expect(area.explanations).toBe(explanations)
  })
})
