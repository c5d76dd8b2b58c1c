import type { LoginSecrets } from '../provider/authorization-url.ts'

/** One attempt to log in, which the browser keeps in a sealed cookie of its own, so that two tabs do not disturb each other. */
export interface Transaction extends LoginSecrets {
  readonly provider: string
  /** Where to go on, checked before: path, query and fragment of this origin. */
  readonly returnTo: string
  /** In milliseconds since the epoch. */
  readonly endsAtMs: number
}

/** A transaction as it was sealed; `undefined` if it is none. */
export function transactionOf(sealed: Readonly<Record<string, unknown>>): Transaction | undefined {
  const { state, nonce, verifier, provider, returnTo, endsAtMs } = sealed
  const isWhole =
    typeof state === 'string' &&
    typeof nonce === 'string' &&
    typeof verifier === 'string' &&
    typeof provider === 'string' &&
    typeof returnTo === 'string' &&
    typeof endsAtMs === 'number'
  return isWhole ? { state, nonce, verifier, provider, returnTo, endsAtMs } : undefined
}
