import type { Difference } from '@kube-authn-test/conformance/live/difference'
import { describe, expect, it } from 'vitest'
import { type AreaOptions, area } from './area.ts'

/** Whose answers differ for words with an `e`. */
const words: AreaOptions<{ readonly word: string }, string> = {
  name: 'words',
  explanations: [],
  fixed: [],
  question: (random) => ({ word: random.pick(['one', 'two', 'three', 'four', 'five', 'six']) }),
  compare: ({ word }) => Promise.resolve({ asked: word, differences: differencesOf(word) }),
}

function differencesOf(word: string): readonly Difference[] {
  return word.includes('e') ? [{ at: 'letters', there: 'with e', here: 'without' }] : []
}

describe('area', () => {
  it('reports a difference once, with a small question and the first index', async () => {
    const report = await area(words).run('1', 0, 120)
    expect(report.failed).toBeGreaterThan(20)
    expect(report).toMatchObject({ asked: 120, explained: new Map() })
    expect(report.classes).toEqual([
      {
        name: 'letters: with there, without here',
        index: expect.any(Number),
        count: report.failed,
        question: { word: 'e' },
        differences: [{ at: 'letters', there: 'with e', here: 'without' }],
      },
    ])
    const [found] = report.classes
    expect(await area(words).run('1', found!.index, found!.index + 1)).toMatchObject({ asked: 1, failed: 1 })
  })

  it('asks the same for the same seed, and other questions for another one', async () => {
    const run = async (seed: string): Promise<readonly string[]> => {
      const asked: string[] = []
      const compare: typeof words.compare = ({ word }) => {
        asked.push(word)
        return words.compare({ word: 'x' })
      }
      await area({ ...words, compare }).run(seed, 0, 100)
      return asked
    }
    expect(await run('1')).toEqual(await run('1'))
    expect(await run('1')).not.toEqual(await run('2'))
  })

  it('explains a difference by a row, and by what was asked', async () => {
    const explanations = [
      { row: 'short words', explains: (_: Difference, word: string) => word.length < 4 },
      { row: 'long words', explains: (_: Difference, word: string) => word.length > 4 },
    ]
    const report = await area({ ...words, explanations }).run('1', 0, 120)
    expect([...report.explained.keys()].toSorted()).toEqual(['long words', 'short words'])
    // A part of it would be explained by the other row.
    expect(report.classes).toMatchObject([{ question: { word: 'five' } }])
  })

  it('reports that a difference is missing that a row promises', async () => {
    const always = { row: 'numbers', explains: () => true, always: (word: string) => word === 'two' }
    const report = await area({ ...words, explanations: [always] }).run('1', 0, 120)
    expect(report.classes).toMatchObject([
      { name: 'row "numbers": differs there, does here', question: { word: 'two' } },
    ])
  })

  it('reports a difference that is not there again, as it was', async () => {
    let times = 0
    const compare: typeof words.compare = (question) =>
      ++times > 120 ? Promise.resolve({ asked: '', differences: [] }) : words.compare(question)
    const { classes } = await area({ ...words, compare }).run('1', 0, 120)
    expect(classes).toMatchObject([
      { question: { word: expect.stringMatching(/^.+e/) }, differences: [{ at: 'letters' }] },
    ])
  })

  it('tells kinds of differences apart', async () => {
    const compare: typeof words.compare = ({ word }) =>
      Promise.resolve({
        asked: word,
        differences: [{ at: 'first', there: word[0] ?? '', here: word.length > 3 }],
      })
    const { classes } = await area({ ...words, compare }).run('1', 0, 120)
    expect(classes.map(({ name }) => name).toSorted()).toEqual([
      'first: f there, boolean here',
      'first: o there, boolean here',
      'first: s there, boolean here',
      'first: t there, boolean here',
    ])
  })
})
