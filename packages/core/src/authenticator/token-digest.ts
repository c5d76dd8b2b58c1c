import type { Context } from './context.ts'

/** What lives as long as one token is known, such as its row in a cache. It keeps the token's digests once they were asked for. */
export class TokenDigest {
  #digests: readonly string[] | undefined

  /** The digests of the token, which are computed once. `keeper` must be of this token alone, and `compute` always the same function. */
  static of(
    keeper: TokenDigest,
    token: string,
    compute: (token: string) => readonly string[],
  ): readonly string[] {
    return (keeper.#digests ??= compute(token))
  }
}

/** The token of a request that was found, and what lives as long as it is known. Only the context of a request itself can note it. */
export class NotedToken {
  #authorization: string | undefined
  #bearer: string | undefined
  #token: string | undefined
  #keeper: TokenDigest | undefined

  /** Notes what was read of a value of `Authorization`. */
  static noteBearer(context: Context, authorization: string | undefined, bearer: string): void {
    if (!(#token in context)) return
    context.#authorization = authorization
    context.#bearer = bearer
  }

  /** The token that was read of that value; `undefined` if none was noted. */
  static bearerIn(context: Context, authorization: string): string | undefined {
    return #token in context && context.#authorization === authorization ? context.#bearer : undefined
  }

  /** Whether a token was read of `Authorization`; `false` also if that was not noted. */
  static hasBearer(context: Context): boolean {
    return #token in context && context.#bearer !== undefined
  }

  static note(context: Context, token: string, keeper: TokenDigest): void {
    if (!(#token in context)) return
    context.#token = token
    context.#keeper = keeper
  }

  /** `undefined` if that token was not noted: a request may have several. */
  static keeperOf(context: Context, token: string): TokenDigest | undefined {
    return #token in context && context.#token === token ? context.#keeper : undefined
  }
}
