import { type Awaitable, unavailable } from '@kube-authn/core'
import { neverUnset, sha256Hex, withMethods } from '@kube-authn/core/internal'
import type { OptionsShape } from '@kube-authn/core/adapter'
import type { Revocation } from '@kube-authn/core/revocation'
import type { SessionContent } from './session-keeper.ts'

/** Options about the id tokens of sessions that end. */
export interface IdTokenOptions {
  /**
   * The revocations of the chain, with a method `set`, such as `revocationList()`: the id token of a session that ends is revoked there until it expires, since the chain would go on to accept it as a
   * bearer token. If that fails, the session does not end, and the logout fails. Default: it stays valid.
   */
  readonly revocations?: IdTokenRevocations
}

/** Where id tokens are revoked. */
export interface IdTokenRevocations {
  set(name: string, revocation: Revocation): Awaitable<unknown>
}

export const idTokenShape: OptionsShape<IdTokenOptions> = {
  revocations: neverUnset(withMethods('revocations with the method set, such as revocationList()', 'set')),
}

/** An id token without the token: the digest of what was signed. */
export interface KnownIdToken {
  readonly sha256: string
  readonly expiresAtMs: number
}

/** Servers accept tokens a little longer than they are valid. */
export const AFTER_EXPIRY_MS = 300_000

/** The id token of a session. */
export function idTokenDigest({
  idToken,
  expiresAtMs,
}: Pick<SessionContent, 'idToken' | 'expiresAtMs'>): KnownIdToken {
  return { sha256: sha256Hex(idToken.slice(0, idToken.lastIndexOf('.'))), expiresAtMs }
}

/** Revokes an id token. @throws {AuthenticationError} `unavailable` if that fails. */
export async function revokeIdToken(
  revocations: IdTokenRevocations | undefined,
  { sha256, expiresAtMs }: KnownIdToken,
): Promise<void> {
  const revocation = { tokenSha256: sha256, expiresAtMs: expiresAtMs + AFTER_EXPIRY_MS }
  await recorded(ID_TOKEN, () => revocations?.set(`id token ${sha256}`, revocation))
}

/** Revokes the credentials of a user that were issued before now. @throws {AuthenticationError} `unavailable` if that fails. */
export async function revokeBefore(
  revocations: IdTokenRevocations | undefined,
  user: string,
  { nowMs, untilMs }: { readonly nowMs: number; readonly untilMs: number },
): Promise<void> {
  const revocation = { user, issuedBeforeMs: nowMs, expiresAtMs: untilMs }
  await recorded(ID_TOKEN, () => revocations?.set(`id tokens of ${JSON.stringify(user)}`, revocation))
}

const ID_TOKEN = 'the id token of a session could not be revoked'

/** @throws {AuthenticationError} `unavailable` with this message if it fails. */
export async function recorded<T>(message: string, record: () => Awaitable<T>): Promise<T> {
  try {
    return await record()
  } catch (thrown) {
    throw unavailable(message, { cause: thrown })
  }
}
