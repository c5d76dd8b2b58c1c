import { describe, expect, it } from 'vitest'
import { explainSequence, type ServerExplanation } from './explain-sequence.ts'
import type { ReplayedLine } from './replay-lines.ts'
import type { RecordedLine, ServerAnswer } from './recorded-line.ts'

const PATH = '/api/v1/namespaces/g/pods'

function replayed(
  method: string,
  path: string,
  there: number | Partial<ServerAnswer>,
  here: number | Partial<ServerAnswer>,
  more: Partial<RecordedLine> = {},
): ReplayedLine {
  const full = (answer: number | Partial<ServerAnswer>): ServerAnswer => ({
    status: 200,
    headers: {},
    ...(typeof answer === 'number' ? { status: answer } : answer),
  })
  const id = `x:${method} ${path}`
  const line = { id, sequence: '1', step: 1, as: 'admin', method, path, real: full(there), ...more }
  return { line, here: full(here) }
}

const lax: ServerExplanation = {
  row: 'lax',
  explains: ({ at, there, here }) => at === 'status' && there === 422 && here === 201,
}
const created = replayed('POST', PATH, 422, 201, { body: '{"metadata":{"name":"a"}}' })
const explain = (...lines: readonly ReplayedLine[]) => explainSequence(lines, [lax])

describe('explainSequence', () => {
  it('takes equal answers, and those that a row explains', () => {
    expect(explain(replayed('GET', PATH, 200, 200), created)).toEqual({
      passed: 2,
      failures: [],
      explained: new Map([['lax', 1]]),
      used: new Set([lax]),
    })
  })

  it('fails another difference, with what differs', () => {
    const { passed, failures } = explain(replayed('GET', PATH, 200, 404))
    expect([passed, failures]).toEqual([
      0,
      [`live-server x:GET ${PATH} GET ${PATH}: status: there 200, here 404`],
    ])
  })

  it('attributes what follows from an object that is on one server only to the row', () => {
    const list = replayed(
      'GET',
      PATH,
      { body: { items: [] } },
      { body: { items: [{ metadata: { name: 'a' } }] } },
    )
    const { failures, explained } = explain(
      created,
      replayed('GET', `${PATH}/a`, 404, 200),
      replayed('PATCH', `${PATH}/a/status`, 404, 200),
      list,
    )
    expect([failures, explained]).toEqual([[], new Map([['lax', 4]])])
  })

  it.each([
    ['another object', replayed('GET', `${PATH}/b`, 404, 200)],
    ['an object whose name begins like it', replayed('GET', `${PATH}/ab`, 404, 200)],
    ['the status of a list', replayed('GET', PATH, 404, 200)],
    ['other resources', replayed('GET', '/api/v1/namespaces/g/secrets/a', 404, 200)],
  ])('attributes nothing else: %s', (_, line) => {
    expect(explain(created, line).failures).toHaveLength(1)
  })

  it('attributes nothing after the object is the same again', () => {
    const { failures } = explain(
      created,
      replayed('PUT', `${PATH}/a`, 200, 200),
      replayed('GET', `${PATH}/a`, { text: 'a' }, { text: 'b' }),
    )
    expect(failures).toHaveLength(1)
  })

  it('attributes nothing to what no row explains', () => {
    const { failures } = explain(
      replayed('DELETE', `${PATH}/a`, 200, 409),
      replayed('GET', `${PATH}/a`, 404, 200),
    )
    expect(failures).toHaveLength(2)
  })

  it('attributes nothing to a dry run', () => {
    const dry = replayed('POST', `${PATH}?dryRun=All`, 422, 201, { body: '{"metadata":{"name":"a"}}' })
    expect(explain(dry, replayed('GET', `${PATH}/a`, 404, 200)).failures).toHaveLength(1)
  })

  it('compares no place where a second recording differed', () => {
    const there = { body: { continue: 'x', items: [1] } }
    const here = { body: { items: [] } }
    expect(
      explain(replayed('GET', PATH, there, here, { varies: ['body.continue', 'body.items.length'] })).passed,
    ).toBe(1)
    expect(explain(replayed('GET', PATH, there, here, { varies: ['body.continue'] })).passed).toBe(0)
  })
})
