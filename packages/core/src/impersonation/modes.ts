import { type Awaitable, andThen, firstOf } from '../internal/awaitable.ts'
import type { Attributes } from '../authorization/attributes.ts'
import type { Clock } from '../internal/clock.ts'
import { keyedDigest } from '../internal/digest/keyed-digest.ts'
import { RecentMap } from '../internal/recent-map/recent-map.ts'
import { isStatusError, StatusError } from '../authenticator/status.ts'
import type { UserInfo } from '../authenticator/user.ts'
import { type AllowedCache, allowedCache, type CacheKeys, cacheKeys } from './allowed-cache.ts'
import { type Ask, firstRefusal, lenientRefusal } from './checks.ts'
import { CONSTRAINED_MODES, type ConstrainedMode } from './constrained-modes.ts'
import { legacyChecks } from './legacy.ts'
import { impersonatedUser, type WantedUser } from './wanted-user.ts'

/** Somebody may act as this user. */
export interface AllowedImpersonation {
  readonly user: UserInfo
  /** `legacy`, or the mode of constrained impersonation. */
  readonly mode: string
}

/** Decides whether the user of a request may act as somebody else for that request. */
export type TryModes = (
  wanted: WantedUser,
  attributes: Attributes,
  ask: Ask,
) => Awaitable<AllowedImpersonation | StatusError>

/** What {@link impersonationModes} goes by. */
export interface ImpersonationModesOptions {
  readonly clock: Clock
  readonly cacheTtlSeconds: number
  readonly maxCacheEntries: number
}

/** One mode at work: `undefined` when it is not for such a user. */
type Mode = (
  wanted: WantedUser,
  attributes: Attributes,
  ask: Ask,
) => Awaitable<AllowedImpersonation | StatusError | undefined>

/**
 * Constrained impersonation (KEP-5284), and after it the verb `impersonate`. Modes are tried in order, the one that last worked
 * for the requester before the others; which that is decides nothing. When all refuse, the first refusal counts.
 *
 * Source: apiserver `pkg/endpoints/filters/impersonation/{mode,cache}.go`.
 *
 * Deviation: the caches are bounded (`docs/deviations.md`, impersonation caches).
 */
export function impersonationModes(options: ImpersonationModesOptions): TryModes {
  const modes = [...CONSTRAINED_MODES.map((mode) => constrained(mode, options)), legacyMode]
  const positions = modes.map((_, position) => position)
  const lastWorked = new RecentMap<number>(10_000)
  const digest = keyedDigest()

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
      () => firstRefused ?? NOBODY_DECIDED,
    )
  }
}

/** What is longer is remembered by its digest. */
const MAX_KEY_LENGTH = 64

/** The last mode is for everybody, so this is not reached; if it were, nothing must be allowed. */
const NOBODY_DECIDED = new StatusError({
  status: 500,
  reason: 'InternalError',
  message: 'all impersonation modes failed',
})

const legacyMode: Mode = (wanted, { user: requester }, ask) => {
  const { user, uid, groups, extra } = legacyChecks(requester, wanted)
  return andThen(
    firstRefusal([user, uid, groups, extra], ask, lenientRefusal),
    (refused) => refused ?? { user: impersonatedUser(wanted), mode: 'legacy' },
  )
}

interface ModeState {
  readonly keys: CacheKeys
  /** For this request. */
  readonly requests: AllowedCache
  /** For any request. */
  readonly users: AllowedCache
}

function constrained(
  mode: ConstrainedMode,
  { clock, cacheTtlSeconds, maxCacheEntries }: ImpersonationModesOptions,
): Mode {
  const newCache = (): AllowedCache => allowedCache(clock, cacheTtlSeconds * 1000, maxCacheEntries)
  const state: ModeState = { keys: cacheKeys(), requests: newCache(), users: newCache() }

  return (wanted, attributes, ask) => {
    // Before anything is looked up: what is remembered may be of another user to whom the same answer applies.
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
  { keys, requests, users }: ModeState,
  wanted: WantedUser,
  attributes: Attributes,
  ask: Ask,
): Awaitable<StatusError | undefined> {
  const cachedAs = mode.cachedAs(wanted)
  const requestKey = keys.request(cachedAs, attributes)
  if (requestKey !== undefined && requests.has(requestKey)) return undefined
  const usersKey = keys.users(cachedAs, attributes.user)
  const onRequest = { ...attributes, verb: `impersonate-on:${mode.name}:${attributes.verb}` }

  return andThen(firstRefusal([{ each: [onRequest] }], ask, lenientRefusal), (refusedOn) => {
    if (refusedOn !== undefined) return refusedOn
    const refused = users.has(usersKey)
      ? undefined
      : firstRefusal(mode.checks(wanted, attributes.user), ask, lenientRefusal)
    return andThen(refused, (refusal) => {
      if (refusal !== undefined) return refusal
      users.add(usersKey)
      if (requestKey !== undefined) requests.add(requestKey)
      return undefined
    })
  })
}
