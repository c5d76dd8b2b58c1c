import { type Awaitable, ConfigurationError, unavailable, userInfo } from '@kube-authn/core'
import {
  CREDENTIAL_ID_KEY,
  isAuthenticationError,
  type RevocationSource,
  revocationsOf,
  watchAny,
} from '@kube-authn/core/internal/shared'
import type { Revocation, UsedCredential } from '@kube-authn/core/revocation'
import type { Session, SessionSelector } from './session-keeper.ts'

/** Says which sessions have ended, and is told of them if it can be. `revocationList()` is one. */
export type EndedSessions = RevocationSource & {
  set?(this: void, name: string, revocation: Revocation): Awaitable<void>
}

/** The key of attributes that name the provider's session of a session. */
const PROVIDER_SESSION_KEY = 'login.kube-authn.dev/provider-session'

/** The id of a session among credentials, as in `authentication.kubernetes.io/credential-id`. */
export function credentialIdOf({ digest }: Pick<Session, 'digest'>): string {
  return `SESSION=${digest}`
}

/** @throws {AuthenticationError} `unavailable` if that is not known. */
export async function hasEnded(ended: EndedSessions, session: Session): Promise<boolean> {
  for (const credential of credentialsOf(session)) if (await isRevoked(ended, credential)) return true
  return false
}

/** Calls back once when a session ends, if what knows it tells. Returns a function that stops waiting. */
export function watchEnd(ended: EndedSessions, session: Session, onEnded: () => void): () => void {
  const revocations = revocationsOf(ended)
  return watchAny(
    credentialsOf(session).map((credential) => (end) => revocations.watch?.(credential, end)),
    onEnded,
  )
}

/** What a session is ended by: its own names, and its subject. */
function credentialsOf(session: Session): readonly UsedCredential[] {
  const { provider, providerSession, subject, username } = session.content
  const extra = {
    [CREDENTIAL_ID_KEY]: [credentialIdOf(session)],
    ...(providerSession !== undefined && {
      [PROVIDER_SESSION_KEY]: [undefined, provider].map((each) => attributeOf(each, providerSession)),
    }),
  }
  const users = [userInfo({ username, extra }), userInfo({ username: subjectName(provider, subject) })]
  return users.map((user) => ({
    user,
    issuedAtMs: session.startedAtMs,
    expiresAtMs: session.endsAtMs,
    certificateId: undefined,
    tokenSha256: undefined,
  }))
}

async function isRevoked(ended: EndedSessions, credential: UsedCredential): Promise<boolean> {
  const answer: unknown = await known(() => revocationsOf(ended).isRevoked(credential, {}))
  if (typeof answer !== 'boolean') throw unavailable(`${UNKNOWN}: the answer must be true or false`)
  return answer
}

/** A subject of a provider as a user: only for users a revocation has a time before which it counts. */
function subjectName(provider: string, subject: string): string {
  return `login.kube-authn.dev/subject ${JSON.stringify([provider, subject])}`
}

const UNKNOWN = 'it is not known which sessions have ended'

async function known<T>(ask: () => Awaitable<T>): Promise<T> {
  try {
    return await ask()
  } catch (thrown) {
    throw isAuthenticationError(thrown) ? thrown : unavailable(UNKNOWN, { cause: thrown })
  }
}

/**
 * What ends the selected sessions.
 *
 * @throws {ConfigurationError} if they are selected by something that a revocation cannot name.
 */
export function revocationOf(selector: SessionSelector, nowMs: number): Revocation {
  const { digest, provider, providerSession, subject, username } = selector
  if (digest !== undefined) return { credentialId: credentialIdOf({ digest }) }
  if (providerSession !== undefined) {
    return { attribute: { key: PROVIDER_SESSION_KEY, value: attributeOf(provider, providerSession) } }
  }
  if (username !== undefined && provider === undefined && subject === undefined) {
    return { user: username, issuedBeforeMs: nowMs }
  }
  if (subject !== undefined && provider !== undefined && username === undefined) {
    return { user: subjectName(provider, subject), issuedBeforeMs: nowMs }
  }
  const message =
    'sealed cookies are found by digest, by providerSession, by provider and subject, or by username alone: keep sessions in a store'
  throw new ConfigurationError([{ path: 'selector', message }])
}

function attributeOf(provider: string | undefined, providerSession: string): string {
  return JSON.stringify([provider ?? null, providerSession])
}
