import { sha256 } from '#sha256'
import { type Awaitable, andThen, firstOf } from '../internal/awaitable.ts'
import type { Attributes } from '../authorization/attributes.ts'
import type { Clock } from '../internal/clock.ts'
import { keyedDigest } from '../internal/digest/keyed-digest.ts'
import { RecentMap } from '../internal/recent-map.ts'
import { isStatusError, StatusError } from '../authenticator/status.ts'
import type { UserInfo } from '../authenticator/user.ts'
import { type VerdictCache, verdictCache } from '../internal/verdict-cache.ts'
import { type CacheKeys, cacheKeys } from './cache-keys.ts'
import { type Ask, firstRefusal, lenientRefusal } from './checks.ts'
import { CONSTRAINED_MODES, type ConstrainedMode } from './constrained-modes.ts'
import { legacyChecks } from './legacy.ts'
import { impersonatedUser, type WantedUser } from './wanted-user.ts'

/** The requester may act as this user. */
export interface AllowedImpersonation {
  readonly user: UserInfo
  /** `legacy`, or the mode of constrained impersonation. */
  readonly mode: string
}

/** Decides whether the requester may impersonate the wanted user for this request. */
export type TryModes = (
  wanted: WantedUser,
  attributes: Attributes,
  ask: Ask,
) => Awaitable<AllowedImpersonation | StatusError>

export interface ImpersonationModesOptions {
  readonly clock: Clock
  readonly ttlSeconds: number
  readonly maxEntries: number
}

/** Tries one mode; returns `undefined` if the mode does not apply. */
type Mode = (
  wanted: WantedUser,
  attributes: Attributes,
  ask: Ask,
) => Awaitable<AllowedImpersonation | StatusError | undefined>

/**
 * Tries constrained impersonation (KEP-5284), then the verb `impersonate`. The mode that last worked for the requester is tried first, then
 * the others in order; the order does not change what is allowed. If all modes refuse, the first refusal is returned.
 *
 * Source: apiserver `pkg/endpoints/filters/impersonation/{mode,cache}.go`.
 *
 * Deviation: the caches are bounded (`docs/deviations.md`, impersonation caches).
 */
export function impersonationModes(options: ImpersonationModesOptions): TryModes {
  const modes = [...CONSTRAINED_MODES.map((mode) => constrained(mode, options)), legacyMode]
  const positions = modes.map((_, position) => position)
  const lastWorked = new RecentMap<number>(10_000)
  const digest = keyedDigest(sha256)

  return (wanted, attributes, ask) => {
    const { username } = attributes.user
    const requester = username.length <= MAX_KEY_LENGTH ? username : digest(username)
    const hint = lastWorked.get(requester)
    const order = hint === undefined ? positions : [hint, ...positions.filter((each) => each !== hint)]
    let firstRefused: StatusError | undefined

    return firstOf<
      number,
      AllowedImpersonation | StatusError | undefined,
      AllowedImpersonation | StatusError
    >(
      order,
      (position) => modes[position]?.(wanted, attributes, ask),
      (position, outcome) => {
        if (isStatusError(outcome)) firstRefused ??= outcome
        if (outcome === undefined || isStatusError(outcome)) return undefined
        if (position !== hint) lastWorked.set(requester, position)
        return outcome
      },
      () => firstRefused ?? undecided(),
    )
  }
}

/** Longer user names are replaced by their digest. */
const MAX_KEY_LENGTH = 64

/** Unreachable, since the last mode applies to every user; fails closed. */
function undecided(): StatusError {
  return new StatusError({
    status: 500,
    reason: 'InternalError',
    message: 'all impersonation modes failed',
  })
}

const legacyMode: Mode = (wanted, { user: requester }, ask) => {
  const { user, uid, groups, extra } = legacyChecks(requester, wanted)
  return andThen(
    firstRefusal([user, uid, groups, extra], ask, lenientRefusal),
    (refused) => refused ?? { user: impersonatedUser(wanted), mode: 'legacy' },
  )
}

interface ModeState {
  readonly keys: CacheKeys
  /** Allowed checks that include the request. */
  readonly requests: VerdictCache<true>
  /** Allowed checks of the user alone, for any request. */
  readonly users: VerdictCache<true>
  readonly remember: (cache: VerdictCache<true>, key: string) => void
}

function constrained(
  mode: ConstrainedMode,
  { clock, ttlSeconds, maxEntries }: ImpersonationModesOptions,
): Mode {
  const ttlMs = ttlSeconds * 1000
  const state: ModeState = {
    keys: cacheKeys(),
    requests: verdictCache(clock, maxEntries),
    users: verdictCache(clock, maxEntries),
    remember(cache, key) {
      if (ttlMs > 0) cache.remember(key, true, 'accepted', clock.now() + ttlMs)
    },
  }

  return (wanted, attributes, ask) => {
    // Before the cache lookup: an entry may stem from another user with the same cache key.
    if (!mode.applies(wanted, attributes.user)) return undefined
    const asked = { ...attributes, user: mode.requester(attributes.user) }
    return andThen(
      refusalOf(mode, state, wanted, asked, ask),
      (refused) => refused ?? { user: impersonatedUser(wanted, mode.groups), mode: mode.name },
    )
  }
}

function refusalOf(
  mode: ConstrainedMode,
  { keys, requests, users, remember }: ModeState,
  wanted: WantedUser,
  attributes: Attributes,
  ask: Ask,
): Awaitable<StatusError | undefined> {
  const cachedAs = mode.cachedAs(wanted)
  const requestKey = keys.request(cachedAs, attributes)
  if (requestKey !== undefined && requests.get(requestKey) === true) return undefined
  const usersKey = keys.users(cachedAs, attributes.user)
  const onRequest = { ...attributes, verb: `impersonate-on:${mode.name}:${attributes.verb}` }

  return andThen(firstRefusal([{ each: [onRequest] }], ask, lenientRefusal), (refusedOn) => {
    if (refusedOn !== undefined) return refusedOn
    const refused =
      users.get(usersKey) === true
        ? undefined
        : firstRefusal(mode.checks(wanted, attributes.user), ask, lenientRefusal)
    return andThen(refused, (refusal) => {
      if (refusal !== undefined) return refusal
      remember(users, usersKey)
      if (requestKey !== undefined) remember(requests, requestKey)
      return undefined
    })
  })
}
