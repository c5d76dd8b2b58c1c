/** What Passport gives a strategy for one request. A strategy ends by calling one of them, once. */
export interface StrategyActions {
  success(user: object, info?: object): void
  fail(challenge?: string | number, status?: number): void
  error(error: unknown): void
}

/**
 * The actions of this very call.
 *
 * Passport puts them onto the instance it is given, where the next request replaces them while this one still waits, and its
 * user would go to the other. So they are taken at once.
 */
export function actionsOf(strategy: Functions): StrategyActions {
  const { success, fail, error } = strategy
  return { success, fail, error }
}

/** The same as functions. Declared as methods, they agree with whatever an app declares `Express.User` to be. */
interface Functions {
  readonly success: (user: object, info?: object) => void
  readonly fail: (challenge?: string | number, status?: number) => void
  readonly error: (error: unknown) => void
}
