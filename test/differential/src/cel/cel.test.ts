import { describe, expect, it } from 'vitest'
import { type AnsweredExpression, celArea, recordedAnswers } from './cel.ts'

const answers = recordedAnswers('1.36')
const isValue = ({ real }: AnsweredExpression): boolean => real.value !== undefined
const first = (isWanted: (each: AnsweredExpression) => boolean): AnsweredExpression => answers.find(isWanted)!

describe('recorded answers', () => {
  it('are values, errors and refusals', () => {
    expect(answers.length).toBeGreaterThan(8000)
    expect(answers.filter(isValue).length).toBeGreaterThan(2000)
    expect(answers.filter(({ real }) => real.err !== undefined).length).toBeGreaterThan(1000)
    expect(answers.filter(({ real }) => real.compile !== undefined).length).toBeGreaterThan(1000)
  })

  it.each<[string, AnsweredExpression]>([
    ['another value', { ...first(isValue), real: { ...first(isValue).real, value: 'sother' } }],
    [
      'an error for a value',
      { ...first(isValue), real: { static: first(isValue).real.static ?? '', err: 'no' } },
    ],
    ['a refusal', { ...first(isValue), real: { compile: 'no' } }],
    ['another cost', { ...first(isValue), real: { ...first(isValue).real, cost: 12_345 } }],
    ['another type', { ...first(isValue), real: { ...first(isValue).real, static: 'list(bool)' } }],
    [
      'an exceeded limit',
      {
        ...first(({ real }) => real.err !== undefined),
        real: { ...first(({ real }) => real.err !== undefined).real, err: 'actual cost limit exceeded' },
      },
    ],
  ])('with %s are found', async (_, wrong) => {
    const report = await (await celArea('1.36', [...answers.slice(0, 20), wrong])).run('1', 0, 21)
    expect(report).toMatchObject({ failed: 1, classes: [{ index: 20, count: 1, question: wrong }] })
  })
})

describe('an oracle', () => {
  it('is asked about ever smaller expressions', async () => {
    const asked: string[] = []
    const area = await celArea('1.36', [], {
      ask: ({ expr }) => {
        asked.push(expr)
        return Promise.resolve(expr.includes('claims') ? { compile: 'refused' } : { panic: 'not compared' })
      },
      close: () => Promise.resolve(),
    })
    const { classes } = await area.run('1', 0, 60)
    expect(asked.length).toBeGreaterThan(60)
    expect(classes).toMatchObject([
      {
        name: expect.stringMatching(/^compiles: refused there/),
        question: { expr: expect.stringMatching(/^.{0,10}claims.{0,12}$/) },
      },
    ])
  })
})
