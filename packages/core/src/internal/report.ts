import { tell } from './tell.ts'

/** Reports a failure to an optional callback; whatever it throws or rejects with is ignored. */
export function report(onError: ((error: unknown) => void) | undefined, error: unknown): void {
  tell(onError, error)
}
