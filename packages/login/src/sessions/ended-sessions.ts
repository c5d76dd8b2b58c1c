import { type Awaitable, type Clock, ConfigurationError, unavailable, userInfo } from '@kube-authn/core'
import {
  isAuthenticationError,
  revocationsOf,
  type RevocationSource,
  watchAny,
} from '@kube-authn/core/internal'
import { CREDENTIAL_ID_KEY } from '@kube-authn/core/service-account'
import type { Revocation, UsedCredential } from '@kube-authn/core/revocation'
import type { Lifetimes } from './lifetimes.ts'
import {
  type IdTokenRevocations,
  idTokenDigest,
  recorded,
  revokeBefore,
  revokeIdToken,
} from './revoked-id-tokens.ts'
import { requireSelector, type Session, type SessionContent, type SessionSelector } from './session-keeper.ts'
import { unprovenEnds } from './unproven-ends.ts'

/** Knows which sessions have ended, and records them if it has a method `set`, as `revocationList()` has. */
export type EndedSessions = RevocationSource & {
  /** The time by which they end, if replicas share one: sessions begin and end by it, too. */
  readonly clock?: Clock
  /** The time of `clock`, as the store tells it now: a machine that wakes up believes in the time before it slept. */
  now?(this: void): Promise<number>
  set?(this: void, name: string, revocation: Revocation): Awaitable<unknown>
}

/** The key of attributes that name the provider's session of a session. */
const PROVIDER_SESSION_KEY = 'login.kube-authn.dev/provider-session'

/** The id of a session among credentials, as in `authentication.kubernetes.io/credential-id`. */
export function sessionCredentialId({ digest }: Pick<Session, 'digest'>): string {
  return `SESSION=${digest}`
}

/** The sessions that have ended, of which no store knows. */
export interface SessionEnds {
  /** A session was found or begun, so that unproven ends of it are recorded. */
  sees(content: SessionContent): void
  /** @throws {AuthenticationError} `unavailable` if that is not known. */
  hasEnded(session: Session): Promise<boolean>
  /** Calls back once when a session ends, if the source reports it. Returns a function that stops waiting. */
  watch(this: void, session: Session, onEnded: () => void): () => void
  /** Ends a session and its id token. Without a method `set` of the source, the session is recorded nowhere. */
  end(session: Session): Promise<void>
  /** See `SessionKeeper.endWhere`. */
  endWhere(selector: SessionSelector, isProven: boolean): Promise<void>
}

/** Ends sessions by revocations in `ended`, which live as long as the longest session. */
export function sessionEnds(
  ended: EndedSessions,
  revocations: IdTokenRevocations | undefined,
  { clock, maxLifetimeMs, clockSkewMs }: Lifetimes,
): SessionEnds {
  const recordedMs = maxLifetimeMs + clockSkewMs
  const unproven = unprovenEnds(clock, recordedMs)

  const now = (): Promise<number> =>
    recorded(END, async () => (ended.clock === clock ? await ended.now?.() : undefined) ?? clock.now())

  const record = async (name: string, selector: SessionSelector, nowMs: number): Promise<boolean> => {
    const revocation = { ...revocationFor(selector, nowMs), expiresAtMs: nowMs + recordedMs }
    if (typeof ended.set !== 'function') return false
    await recorded(END, () => ended.set?.(name, revocation))
    return true
  }

  return {
    sees: (content) => unproven.sees(content),

    async hasEnded(session) {
      for (const credential of sessionCredentials(session))
        if (await isRevoked(ended, credential)) return true
      return false
    },

    watch(session, onEnded) {
      const source = revocationsOf(ended)
      const credentials = sessionCredentials(session)
      return watchAny(
        credentials.map((credential) => (end) => source.watch?.(credential, end)),
        onEnded,
      )
    },

    async end(session) {
      await revokeIdToken(revocations, idTokenDigest(session.content))
      await record(`session ${session.digest}`, { digest: session.digest }, await now())
    },

    async endWhere(selector, isProven) {
      requireSelector(selector)
      const { provider = '', providerSession, username } = selector
      if (!isProven && providerSession !== undefined && !unproven.accepts({ provider, providerSession })) {
        throw unavailable('too many logouts of sessions that are not known here')
      }
      const nowMs = await now()
      if (username !== undefined) {
        await revokeBefore(revocations, username, { nowMs, untilMs: nowMs + recordedMs })
      }
      if (await record(`sessions ${JSON.stringify(selector)}`, selector, nowMs)) return
      throw unavailable('the option ended has no method set, so sessions cannot be ended')
    },
  }
}

/** A session as the credentials that a revocation can name: its own ids, and its subject. */
function sessionCredentials(session: Session): readonly UsedCredential[] {
  const { provider, providerSession, subject, username } = session.content
  const extra = {
    [CREDENTIAL_ID_KEY]: [sessionCredentialId(session)],
    ...(providerSession !== undefined && {
      [PROVIDER_SESSION_KEY]: [undefined, provider].map((each) =>
        providerSessionAttribute(each, providerSession),
      ),
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

const END = 'the end of a session could not be recorded'
const UNKNOWN = 'it is not known which sessions have ended'

async function isRevoked(ended: EndedSessions, credential: UsedCredential): Promise<boolean> {
  let answer: unknown
  try {
    answer = await revocationsOf(ended).isRevoked(credential, {})
  } catch (thrown) {
    throw isAuthenticationError(thrown) ? thrown : unavailable(UNKNOWN, { cause: thrown })
  }
  if (typeof answer !== 'boolean') throw unavailable(`${UNKNOWN}: the answer must be true or false`)
  return answer
}

/** A subject of a provider as a user: only for users a revocation has a time before which it counts. */
function subjectName(provider: string, subject: string): string {
  return `login.kube-authn.dev/subject ${JSON.stringify([provider, subject])}`
}

/** The revocation of the selected sessions. @throws {ConfigurationError} if a revocation cannot name them. */
function revocationFor(selector: SessionSelector, nowMs: number): Revocation {
  const { digest, provider, providerSession, subject, username } = selector
  if (digest !== undefined) return { credentialId: sessionCredentialId({ digest }) }
  if (providerSession !== undefined) {
    return {
      attribute: { key: PROVIDER_SESSION_KEY, value: providerSessionAttribute(provider, providerSession) },
    }
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

function providerSessionAttribute(provider: string | undefined, providerSession: string): string {
  return JSON.stringify([provider ?? null, providerSession])
}
