import type { Authentication } from '../authenticator/authenticator.ts'
import { type Context, emptyContext } from '../authenticator/context.ts'
import type { CredentialRevocation } from '../authenticator/credential-revocation.ts'
import type { UserInfo } from '../authenticator/user.ts'
import { andThen, type Awaitable, isPromiseLike } from '../internal/awaitable.ts'
import type { Revocations, UsedCredential } from './revocations.ts'
import { watchAny } from './watch-any.ts'

/** An accepted credential, with what says whether it is revoked. One is made for every request, so digests are computed when they are read. */
export class CredentialInUse implements UsedCredential, CredentialRevocation {
  readonly user: UserInfo
  readonly certificateId: string | undefined
  readonly issuedAtMs: number | undefined
  readonly expiresAtMs: number | undefined
  readonly #revocations: Revocations
  /** Until they are computed. */
  #makeDigests: (() => readonly string[]) | undefined
  #tokenDigests: readonly string[] = []
  /** What else ends its use. */
  readonly #besides: CredentialRevocation | undefined

  constructor(
    revocations: Revocations,
    user: UserInfo,
    { certificateId, issuedAtMs, expiresAtMs, revocation }: Omit<Authentication, 'user'>,
    digests?: () => readonly string[],
  ) {
    this.#revocations = revocations
    this.user = user
    this.certificateId = certificateId
    this.issuedAtMs = issuedAtMs
    this.expiresAtMs = expiresAtMs
    this.#makeDigests = digests
    this.#besides = revocation
  }

  get tokenSha256(): string | undefined {
    return this.tokenDigests[0]
  }

  get tokenDigests(): readonly string[] {
    if (this.#makeDigests !== undefined) {
      this.#tokenDigests = this.#makeDigests()
      // The token itself is not kept.
      this.#makeDigests = undefined
    }
    return this.#tokenDigests
  }

  /** What the revocations say, without what else ends its use. */
  ask(context: Pick<Context, 'signal'>): Awaitable<boolean> {
    const answer = this.#revocations.isRevoked(this, context)
    return typeof answer === 'boolean' ? answer : askedLater(answer)
  }

  isRevoked(): Awaitable<boolean> {
    return andThen(this.ask(emptyContext), (is) => is || (this.#besides?.isRevoked() ?? false))
  }

  watch(onRevoked: () => void): () => void {
    return watchAny(
      // It may have been revoked since the request was authenticated.
      [(end) => this.#revocations.watch?.(this, end), (end) => this.#besides?.watch(end)],
      onRevoked,
    )
  }

  actingAs(user: UserInfo): CredentialRevocation {
    return new CredentialInUse(
      this.#revocations,
      user,
      // No credential of that user is in use: what was issued before a time is not meant.
      { issuedAtMs: Infinity, revocation: this },
    )
  }
}

/** An answer of plain JavaScript may be anything. What is not an answer must not count as one. */
function askedLater(answer: unknown): Awaitable<boolean> {
  if (typeof answer === 'object' && answer !== null && isPromiseLike(answer)) {
    return andThen<unknown, boolean>(answer, (late) => requireBoolean(late))
  }
  return requireBoolean(answer)
}

function requireBoolean(answer: unknown): boolean {
  if (typeof answer !== 'boolean') throw new TypeError('isRevoked must return true or false')
  return answer
}
