/** One case: what is given to a component, and what must come of it. */
export interface Vector {
  readonly id: string
  readonly area: string
  readonly given: Given
  readonly expect: Expected
}

/** The named fields of a vector, whose types are told by its unit. */
export type Given = Readonly<Record<string, unknown>> & {
  readonly unit?: string
  readonly profile?: string
  readonly deviation?: string
}

/** What must come of it. */
export type Expected = Readonly<Record<string, unknown>> & {
  readonly outcome?: string
  readonly user?: VectorUser | null
  readonly error?: { readonly text?: string; readonly text_contains?: string }
}

/** A user as vectors write one. */
export interface VectorUser {
  readonly name: string
  readonly uid?: string
  readonly groups?: readonly string[]
  readonly extra?: Readonly<Record<string, readonly string[]>>
}

/** A header as vectors write one. */
export type HeaderPair = readonly [name: string, value: string]

/** The case needs something that is not built yet. */
export class NotImplemented extends Error {}

/**
 * The case is of no use here: it tells of Kubernetes 1.6 where today's behaviour differs and the product follows today's, or of
 * something that the product refuses altogether.
 */
export class NotApplicable extends Error {}

/** What a runner returns where the case names a deviation, and the product did what the deviation says instead. */
export const DEVIATES_AS_DOCUMENTED: Readonly<Record<string, unknown>> = Object.freeze({
  deviates: 'as documented',
})

/** Runs the cases of one unit. It returns what came of it, in the words of `expect`; what `expect` does not name is not compared. */
export type UnitRunner = (vector: Vector) => Promise<Readonly<Record<string, unknown>>>
