import { celCompiler } from '@kube-authn/cel/kubernetes'
import type { Difference } from '@kube-authn-test/conformance/live/difference'
import { recordingsOf } from '@kube-authn-test/conformance/live/recordings'
import { expressionDifferences, type RecordedExpression } from '@kube-authn-test/conformance/live/tokens/cel'
import { explainedCel } from '@kube-authn-test/conformance/live/tokens/explained-cel'
import { fileURLToPath } from 'node:url'
import { type Area, area } from '../area.ts'
import { costs } from './costs.ts'
import { type CelQuestion, celQuestion, inputOf } from './expressions.ts'
import type { CelAnswer, CelOracle } from './oracle.ts'

/** A question with its answer. */
export type AnsweredExpression = CelQuestion & { readonly real: CelAnswer }

export const ANSWERS: string = fileURLToPath(new URL('../../cel', import.meta.url))

/** The recorded answers. */
export function recordedAnswers(): readonly AnsweredExpression[] {
  return recordingsOf(ANSWERS).lines('answers.ndjson') as readonly AnsweredExpression[]
}

/**
 * Expressions over claims and users: whether they compile, their static type, value or error, and cost.
 *
 * @param oracle answers new expressions; without one those with a recorded answer are compared.
 */
export async function celArea(recorded: readonly AnsweredExpression[], oracle?: CelOracle): Promise<Area> {
  const compiler = celCompiler()
  const costOf = await costs()
  return area<CelQuestion | AnsweredExpression, RecordedExpression>({
    name: 'cel',
    explanations: explainedCel,
    fixed: ['var', 'input', ...(oracle === undefined ? ['expr', 'real'] : [])],
    question: (random, index) => (oracle === undefined ? undefined : celQuestion(random)) ?? answerAt(index),
    async compare(question) {
      const real = 'real' in question ? question.real : ((await oracle?.ask(question)) ?? {})
      const asked = { id: '', ...question, real }
      const input = inputOf(question)
      if (real.panic !== undefined) return { asked, differences: [] }
      const found = expressionDifferences(compiler, asked, input)
      return { asked, differences: found.length > 0 ? found : moreDifferences(asked, input) }
    },
  })

  function answerAt(index: number): AnsweredExpression {
    const answer = recorded[index]
    if (answer === undefined) throw new RangeError(`there are ${recorded.length} recorded answers`)
    return answer
  }

  function moreDifferences(
    { var: variable, expr, real }: AnsweredExpression,
    input: Readonly<Record<string, unknown>>,
  ): readonly Difference[] {
    if (real.compile !== undefined) return []
    const { type, cost, error } = costOf(variable, expr, input)
    const there = real.static?.replaceAll(/google\.protobuf\.(\w+)|null_type/g, (_, name = 'null') =>
      String(name).toLowerCase(),
    )
    // What a failed evaluation cost decides nothing, except that it was too much.
    const [said, says] = real.err === undefined ? [real.cost, cost] : [isLimit(real.err), isLimit(error)]
    return [
      ...(type === there ? [] : [{ at: 'static type', there, here: type }]),
      ...(said === says ? [] : [{ at: 'cost', there: said, here: says }]),
    ]
  }
}

function isLimit(message = ''): boolean {
  return message.includes('cost limit exceeded')
}
