/** The functions that Passport gives a strategy for one request. A strategy ends by calling one of them, once. */
export interface StrategyActions {
  success(user: object, info?: object): void
  fail(challenge?: string | number, status?: number): void
  error(error: unknown): void
}

/**
 * The actions of this call.
 *
 * Passport sets them on the instance, where the next request replaces them while this one still waits: its user would go to the other request. So
 * they are read at once.
 */
export function takeActions(strategy: Functions): StrategyActions {
  const { success, fail, error } = strategy
  return { success, fail, error }
}

/** The same as functions. Declared as methods, they are compatible with any declaration of `Express.User`. */
interface Functions {
  readonly success: (user: object, info?: object) => void
  readonly fail: (challenge?: string | number, status?: number) => void
  readonly error: (error: unknown) => void
}
