/** A case: input of a component and expected outcome. */
export interface Vector {
  readonly id: string
  readonly area: string
  readonly given: Given
  readonly expect: Expected
}

/** The named fields of a vector; the unit determines their types. */
export type Given = Readonly<Record<string, unknown>> & {
  readonly unit?: string
  readonly profile?: string
  readonly deviation?: string
}

/** The expected outcome. */
export type Expected = Readonly<Record<string, unknown>> & {
  readonly outcome?: string
  readonly user?: VectorUser | null
  readonly error?: { readonly text?: string; readonly text_contains?: string }
}

/** A user in a vector. */
export interface VectorUser {
  readonly name: string
  readonly uid?: string
  readonly groups?: readonly string[]
  readonly extra?: Readonly<Record<string, readonly string[]>>
}

/** A header in a vector. */
export type HeaderPair = readonly [name: string, value: string]

/** The runner cannot say what the case says. The message is the path of the field, and its value where that is the reason. */
export class NotUnderstood extends Error {}

/**
 * The case does not apply: it is about Kubernetes 1.6 where we follow the current behaviour, or about something that is refused altogether.
 */
export class NotApplicable extends Error {}

/** Returned by a runner if the case names a deviation and the result matches the deviation. */
export const DEVIATES_AS_DOCUMENTED: Readonly<Record<string, unknown>> = Object.freeze({
  deviates: 'as documented',
})

/** Runs the cases of one unit. Returns the outcome in the terms of `expect`; members that `expect` does not name are not compared. */
export type UnitRunner = (vector: Vector) => Promise<Readonly<Record<string, unknown>>>
