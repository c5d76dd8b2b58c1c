/**
 * The options of a function: the type of its last parameter. Most option types have no exported name of their own.
 *
 * @example
 * const options: OptionsOf<typeof oidc> = { issuer, audience }
 */
export type OptionsOf<F extends (...given: never) => unknown> = Exclude<
  LastOf<Required<Parameters<F>>>,
  undefined
>

type LastOf<List extends readonly unknown[]> = List extends readonly [...unknown[], infer Last] ? Last : never
