import { describe, expect, it } from 'vitest'

/*
 * What a cache that holds decisions must never do: answer one question with the decision on another. Every field of a
 * question's type has to be here, so that a field that is added to the type, and not to the key, does not compile.
 */

/** Other values of a field: by name, those that make another question, and those that do not. `undefined` is absence. */
interface FieldVariants<Value> {
  readonly differs?: Readonly<Record<string, Value | undefined>>
  readonly same?: Readonly<Record<string, Value | undefined>>
}

/** Other values of every field. */
export type Variants<Question> = {
  readonly [Field in keyof Question]-?: FieldVariants<Question[Field]>
}

/** A question that differs from another in one field. */
export interface Variation<Question> {
  readonly what: string
  readonly question: Question
  /** Whether the decision treats both as the same question. */
  readonly isSame: boolean
}

/** A question with each of the other values, one at a time. */
export function variationsOf<Question extends object>(
  base: Question,
  variants: Variants<Question>,
): readonly Variation<Question>[] {
  return Object.entries<FieldVariants<unknown>>(variants).flatMap(([field, { differs = {}, same = {} }]) => {
    const variation =
      (isSame: boolean) =>
      ([name, value]: readonly [string, unknown]): Variation<Question> => {
        const { [field]: _, ...rest } = base as Record<string, unknown>
        const question = (value === undefined ? rest : { ...rest, [field]: value }) as Question
        return { what: `${field}: ${name}`, question, isSame }
      }
    const variations = [
      ...Object.entries(differs).map(variation(false)),
      ...Object.entries(same).map(variation(true)),
    ]
    if (variations.length === 0) throw new Error(`no other value of ${field}`)
    return variations
  })
}

/** The same variations of a part, within a larger question. */
export function within<Part, Question>(
  name: string,
  variations: readonly Variation<Part>[],
  question: (part: Part) => Question,
): readonly Variation<Question>[] {
  return variations.map((each) => ({
    what: `${name} ${each.what}`,
    isSame: each.isSame,
    question: question(each.question),
  }))
}

/**
 * A new cache in front of something that says yes while `decide` does, and calls it once for each decision.
 *
 * @returns asks through the cache.
 */
export type CreateCache<Question> = (decide: () => boolean) => (question: Question) => Promise<boolean>

/** Tests that two questions that differ are two questions to a cache. */
export function describeTwoQuestions<Question>(
  title: string,
  {
    base,
    variations,
    create,
    sharesWork = false,
  }: {
    readonly base: Question
    readonly variations: readonly Variation<Question>[]
    readonly create: CreateCache<Question>
    /** Whether those who ask the same at the same time wait for one decision. */
    readonly sharesWork?: boolean
  },
): void {
  /** What the cache answers to the second question once it has been allowed the first, and nothing is allowed any more. */
  const answerAfter = async (first: Question, second: Question): Promise<boolean> => {
    let isAllowed = true
    const ask = create(() => isAllowed)
    expect(await ask(first), 'it is not allowed at all').toBe(true)
    isAllowed = false
    expect(await ask(first), 'it is not remembered').toBe(true)
    return ask(second)
  }

  const decisionsOn = async (...questions: readonly Question[]): Promise<number> => {
    let count = 0
    const ask = create(() => {
      count++
      return true
    })
    await Promise.all(questions.map(ask))
    return count
  }

  const others = variations.filter(({ isSame }) => !isSame)
  const same = variations.filter(({ isSame }) => isSame)
  const named = (list: readonly Variation<Question>[]): [string, Question][] =>
    list.map(({ what, question }) => [what, question])

  describe(title, () => {
    it.each(named(others))('is two questions to it where they differ in %s', async (_, other) => {
      expect(await answerAfter(base, other)).toBe(false)
      expect(await answerAfter(other, base)).toBe(false)
    })

    it('is another question to it than all of the others', async () => {
      let decisions = 0
      const ask = create(() => ++decisions > 0)
      const isDecided = async (question: Question): Promise<boolean> => {
        const before = decisions
        expect(await ask(question)).toBe(true)
        return decisions > before
      }
      const all = [{ what: 'nothing', question: base }, ...others]
      const decided = []
      for (const { what, question } of all) if (await isDecided(question)) decided.push(what)
      expect(decided).toEqual(all.map(({ what }) => what))
      for (const { what, question } of all) if (await isDecided(question)) decided.push(`${what}, again`)
      expect(decided).toHaveLength(all.length)
    })

    if (same.length > 0) {
      it.each(named(same))('is one question to it whatever is %s', async (_, other) => {
        expect(await answerAfter(base, other)).toBe(true)
        expect(await answerAfter(other, base)).toBe(true)
      })
    }

    if (sharesWork) {
      it.each(named(others))(
        'is decided twice at the same time where they differ in %s',
        async (_, other) => {
          const once = await decisionsOn(base)
          expect(await decisionsOn(base, base)).toBe(once)
          expect(await decisionsOn(base, other)).toBeGreaterThan(once)
        },
      )
    }
  })
}
