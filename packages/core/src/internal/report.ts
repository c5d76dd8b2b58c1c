import { tell } from '../authenticator/tell.ts'

/** Tells somebody of a failure, if there is somebody. What goes wrong in telling, now or later, stops no work. */
export function report(onError: ((error: unknown) => void) | undefined, error: unknown): void {
  tell(onError, error)
}
