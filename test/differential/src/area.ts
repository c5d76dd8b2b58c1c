import { reasonsOf, type Compared, type Explanation } from '@kube-authn-test/conformance/live/live-area'
import type { Difference } from '@kube-authn-test/conformance/live/difference'
import { together } from '@kube-authn-test/conformance/live/together'
import { seeded, type Random } from '../../fuzz/lib/random.mjs'
import { minimized } from './minimized.ts'

/** What a part of the fuzzer asks, and how. */
export interface AreaOptions<Question, Asked> {
  readonly name: string
  /** Rows of `docs/deviations.md`, as in the replay of recordings. */
  readonly explanations: readonly Explanation<Asked>[]
  /** The same for the same random choices. @param ofBatch makes choices that all questions of a batch have in common. */
  readonly question: (random: Random, index: number, ofBatch: Random) => Question
  /** Asks both sides. */
  readonly compare: (question: Question) => Promise<Omit<Compared<Asked>, 'id'>>
  /** Names of fields that a smaller question has unchanged. */
  readonly fixed: readonly string[]
}

/** Differences that no row explains, all of one kind. */
export interface DifferenceClass {
  readonly name: string
  /** The first question with such a difference. */
  readonly index: number
  readonly count: number
  /** A small question that has it, too. */
  readonly question: unknown
  readonly differences: readonly Difference[]
}

export interface AreaReport {
  readonly asked: number
  /** How many questions have a difference that no row explains. */
  readonly failed: number
  /** How many questions each row explains. */
  readonly explained: ReadonlyMap<string, number>
  readonly classes: readonly DifferenceClass[]
}

export interface Area {
  readonly name: string
  /** Asks the questions from one index to another. */
  readonly run: (seed: string, from: number, to: number) => Promise<AreaReport>
}

/** Questions that are asked before any after them: they may have a policy in common. */
const BATCH = 50
const MOST_MINIMIZED = 10

/** A part of the fuzzer, whose questions are drawn from a seed. */
export function area<Question, Asked>(options: AreaOptions<Question, Asked>): Area {
  const { name, explanations, question, compare, fixed } = options
  const questionAt = (seed: string, index: number): Question =>
    question(
      seeded(`${seed}/${name}/${index}`),
      index,
      seeded(`${seed}/${name}/batch ${Math.floor(index / BATCH)}`),
    )

  return {
    name,
    async run(seed, from, to) {
      const explained = new Map<string, number>()
      const found = new Map<string, Omit<DifferenceClass, 'name' | 'question'>>()
      let failed = 0
      for (let start = from; start < to; start += BATCH) {
        const indexes = Array.from({ length: Math.min(BATCH, to - start) }, (_, at) => start + at)
        const results = await together(indexes, (index) => unexplained(questionAt(seed, index)))
        for (const [at, { rows, differences }] of results.entries()) {
          for (const row of rows) explained.set(row, (explained.get(row) ?? 0) + 1)
          if (differences.length === 0) continue
          failed++
          const seen = found.get(classOf(differences)) ?? { index: start + at, count: 0, differences }
          found.set(classOf(differences), { ...seen, count: seen.count + 1 })
        }
      }
      const classes: DifferenceClass[] = []
      for (const [kind, seen] of found) {
        const whole = questionAt(seed, seen.index)
        const small = classes.length < MOST_MINIMIZED ? await smallest(whole, kind) : whole
        const { differences } = await unexplained(small)
        // It may not be there every time.
        const again = differences.length > 0 && { question: small, differences }
        classes.push({ name: kind, ...seen, question: whole, ...again })
      }
      return { asked: to - from, failed, explained, classes }
    },
  }

  /** The differences that no row explains, and the rows that explain the others. */
  async function unexplained(
    each: Question,
  ): Promise<{ readonly rows: ReadonlySet<string>; readonly differences: readonly Difference[] }> {
    const { asked, differences } = await compare(each)
    const { reasons, missing } = reasonsOf(differences, asked, explanations)
    return {
      rows: new Set(reasons.flatMap((reason) => reason?.row ?? [])),
      differences: [
        ...differences.filter((_, at) => reasons[at] === undefined),
        ...(missing === undefined
          ? []
          : [{ at: `row "${missing.row}"`, there: 'differs', here: 'does not' }]),
      ],
    }
  }

  function smallest(whole: Question, kind: string): Promise<Question> {
    const isAlike = async (candidate: Question): Promise<boolean> => {
      const { differences } = await unexplained(candidate)
      return differences.length > 0 && classOf(differences) === kind
    }
    return minimized(whole, new Set(fixed), isAlike)
  }
}

/** What differs, by the first word of both answers. */
function classOf(differences: readonly Difference[]): string {
  const kinds = differences.map(
    ({ at, there, here }) =>
      `${at.split('.').slice(0, 2).join('.')}: ${brief(there)} there, ${brief(here)} here`,
  )
  return [...new Set(kinds)].join('; ')
}

function brief(value: unknown): string {
  if (typeof value === 'string') return /[\w-]{1,20}/.exec(value)?.[0] ?? 'nothing'
  return Array.isArray(value) ? 'a list' : typeof value
}
