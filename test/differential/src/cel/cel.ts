import { celCompiler, type KubernetesVersion } from '@kube-authn/cel/kubernetes'
import type { Compared, Explanation } from '@kube-authn-test/conformance/live/live-area'
import { canonical, type Difference } from '@kube-authn-test/conformance/live/difference'
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

const NEGATIVE_DEPTHS: Explanation<RecordedExpression> = {
  row: 'CEL limits',
  explains: ({ at }, { expr }) => at === 'cost' && expr.includes('.flatten('),
}

const KEPT_OPTIONALS: Explanation<RecordedExpression> = {
  row: 'optionals in CEL',
  explains: ({ at, there }, { expr }) =>
    at === 'value' && JSON.stringify(there).includes('{"is":"optional"}') && /\.opt(?:Flat)?Map\(/.test(expr),
}

const KEYS: Explanation<RecordedExpression> = {
  row: 'keys of CEL maps',
  explains: ({ at, there }, { expr }) =>
    at === 'value' && JSON.stringify(there).includes('already exists') && expr.includes('transformMapEntry'),
}

/** A list made of a map. */
const ORDER_OF_LISTS: Explanation<RecordedExpression> = {
  row: 'order of CEL maps',
  explains: ({ at, there, here }) => at === 'value' && sortedElements(there) === sortedElements(here),
}

function sortedElements(result: unknown): string | undefined {
  if (typeof result !== 'object' || result === null || !('value' in result)) return undefined
  return Array.isArray(result.value) ? result.value.map(canonical).toSorted().join('\n') : canonical(result)
}

const LEADING_DOTS: Explanation<RecordedExpression> = {
  row: 'names with a leading dot',
  explains: ({ at }, { expr }) => at !== 'cost' && /(?<![\w)\]}"'`])\s*\.[a-z]/.test(expr),
}

const NAMES_OF_TYPES: Explanation<RecordedExpression> = {
  row: 'patterns over types',
  explains: ({ at, here }, { expr }) =>
    at === 'value' &&
    JSON.stringify(here).includes('no such overload') &&
    /\b(?:matches|find|findAll)\(/.test(expr),
}

/** An address, a quantity, a version or a URL that is lost in an optional. */
const LOST_VALUES: Explanation<RecordedExpression> = {
  row: 'optionals in CEL',
  explains: ({ at, there }, { expr }) =>
    at === 'value' &&
    JSON.stringify(there).includes('unsupported conversion to ref.Val') &&
    /\?|optional/.test(expr),
}

const MOST_ANSWERS = 8

export const ANSWERS: string = fileURLToPath(new URL('../../cel', import.meta.url))

/** The recorded answers of a release. Those of 1.35 and 1.36 are the same. */
export function recordedAnswers(release: KubernetesVersion): readonly AnsweredExpression[] {
  return recordingsOf(ANSWERS).lines(answersOf(release)) as readonly AnsweredExpression[]
}

export function answersOf(release: KubernetesVersion): string {
  return `answers-${release === '1.35' ? '1.36' : release}.ndjson`
}

/**
 * Expressions over claims and users: whether they compile, their static type, value or error, and cost.
 *
 * @param oracle answers new expressions; without one those with a recorded answer are compared.
 */
export async function celArea(
  release: KubernetesVersion,
  recorded: readonly AnsweredExpression[],
  oracle?: CelOracle,
): Promise<Area> {
  const compiler = celCompiler({ kubernetesVersion: release })
  const costOf = await costs(release)
  return area<CelQuestion | AnsweredExpression, RecordedExpression>({
    name: 'cel',
    explanations: [
      ...explainedCel,
      NAMES_OF_TYPES,
      ORDER_OF_LISTS,
      KEYS,
      ...(release < '1.37' ? [LOST_VALUES, LEADING_DOTS] : [NEGATIVE_DEPTHS, KEPT_OPTIONALS]),
    ],
    fixed: ['var', 'input', ...(oracle === undefined ? ['expr', 'real'] : [])],
    question: (random, index) => (oracle === undefined ? undefined : celQuestion(random)) ?? answerAt(index),
    async compare(question) {
      if ('real' in question) return compared(question)
      // Maps have no order in Go, so some expressions have several answers.
      for (let time = 1; ; time++) {
        const found = compared({ ...question, real: (await oracle?.ask(question)) ?? {} })
        if (found.differences.length === 0 || time === MOST_ANSWERS) return found
      }
    },
  })

  function compared(answered: AnsweredExpression): Omit<Compared<RecordedExpression>, 'id'> {
    const asked = { id: '', ...answered }
    const input = inputOf(answered)
    if (asked.real.panic !== undefined) return { asked, differences: [] }
    const found = expressionDifferences(compiler, asked, input)
    return { asked, differences: found.length > 0 ? found : moreDifferences(asked, input) }
  }

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
