import { type Awaitable, settle } from '../internal/awaitable.ts'
import type { CredentialRevocation } from './credential-revocation.ts'
import { isAuthenticationError } from './errors.ts'

/** What a credential depends on while it is in use. */
export interface Dependency {
  /** Checks it now, as when the credential was accepted. @throws {AuthenticationError} `rejected` if the credential is not valid any more. */
  check(this: void): Awaitable<void>
  /** Calls back whenever the answer may be another one, or cannot be known any more. Returns a function that stops it. */
  watch(this: void, onChange: () => void): () => void
}

/** The revocation of a credential that ends with what it depends on. What goes on for long ends, too, when the answer is not known. */
export function revocationBy({ check, watch }: Dependency): CredentialRevocation {
  const isRevoked = (): Awaitable<boolean> => settle<void, boolean>(check, () => false, isRejection)
  const revocation: CredentialRevocation = {
    isRevoked,
    watch(onRevoked) {
      let isOver = false
      const stops: (() => void)[] = []
      const end = (): void => {
        isOver = true
        for (const stop of stops.splice(0)) stop()
      }
      const ended = (is: boolean): void => {
        if (!is || isOver) return
        end()
        onRevoked()
      }
      const ask = (): void => {
        void settle<boolean, void>(isRevoked, ended, () => ended(true))
      }
      stops.push(watch(ask))
      ask()
      // It may have called back at once.
      if (isOver) end()
      return end
    },
    actingAs: () => revocation,
  }
  return revocation
}

function isRejection(error: unknown): boolean {
  if (isAuthenticationError(error) && error.code === 'rejected') return true
  throw error
}
