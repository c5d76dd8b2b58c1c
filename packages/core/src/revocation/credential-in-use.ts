import type { Authentication } from '../authenticator/authenticator.ts'
import { type Context, emptyContext } from '../authenticator/context.ts'
import type { CredentialRevocation } from '../authenticator/credential-revocation.ts'
import { TokenDigest } from '../authenticator/token-digest.ts'
import type { UserInfo } from '../authenticator/user.ts'
import { andThen, type Awaitable, isPromiseLike } from '../internal/awaitable.ts'
import { digestsOf } from './token-digests.ts'
import type { Revocations, UsedCredential } from './revocations.ts'
import { watchAny } from './watch-any.ts'

const NO_DIGESTS: readonly string[] = []

/** An accepted credential, with what says whether it is revoked. One may be made for every request, so it computes nothing. */
export class CredentialInUse implements UsedCredential, CredentialRevocation {
  readonly user: UserInfo
  readonly certificateId: string | undefined
  readonly issuedAtMs: number | undefined
  readonly expiresAtMs: number | undefined
  readonly #revocations: Revocations
  /** Until its digests are computed. */
  #token: string | undefined
  #tokenDigests: readonly string[] = NO_DIGESTS
  readonly #keeper: TokenDigest | undefined
  /** What else ends its use. */
  readonly #besides: CredentialRevocation | undefined

  /** @param keeper what keeps the digest of the token, for further requests with it. */
  constructor(
    revocations: Revocations,
    user: UserInfo,
    { certificateId, issuedAtMs, expiresAtMs, revocation }: Omit<Authentication, 'user'>,
    token: string | undefined,
    keeper?: TokenDigest,
  ) {
    this.#revocations = revocations
    this.user = user
    this.certificateId = certificateId
    this.issuedAtMs = issuedAtMs
    this.expiresAtMs = expiresAtMs
    this.#token = token
    this.#keeper = keeper
    this.#besides = revocation
  }

  get tokenSha256(): string | undefined {
    return this.tokenDigests[0]
  }

  get tokenDigests(): readonly string[] {
    if (this.#token !== undefined) {
      this.#tokenDigests =
        this.#keeper === undefined
          ? digestsOf(this.#token)
          : TokenDigest.of(this.#keeper, this.#token, digestsOf)
      this.#token = undefined
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
      undefined,
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
