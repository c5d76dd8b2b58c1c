import type { HeaderChanges } from '../../authenticator/authenticator.ts'
import { latin1FromText } from '@kube-authn/internal/byte-text'

/** Combines several changes. */
function mergeHeaderChanges(...changes: readonly HeaderChanges[]): HeaderChanges {
  const replace = changes.flatMap((each) => each.replace ?? [])
  const removeTwinsOf = new Set(changes.flatMap((each) => each.removeTwinsOf ?? []))
  const removeCookies = new Set(changes.flatMap((each) => each.removeCookies ?? []))
  return {
    remove: [...new Set(changes.flatMap((each) => each.remove))],
    removePrefixes: [...new Set(changes.flatMap((each) => each.removePrefixes ?? []))],
    ...(removeTwinsOf.size > 0 && { removeTwinsOf: [...removeTwinsOf] }),
    ...(replace.length > 0 && { replace }),
    ...(removeCookies.size > 0 && { removeCookies: [...removeCookies] }),
  }
}

/**
 * Combines the headers that are always removed with the configured ones and with those that carried this credential. The result is
 * rebuilt only if it differs: nearly every request needs the same changes.
 */
export function accumulateHeaderChanges(
  always: HeaderChanges,
  configured: readonly (() => HeaderChanges)[],
): (consumed: HeaderChanges | undefined) => HeaderChanges {
  let seen: readonly HeaderChanges[] = []
  let base = always
  const isOutdated = (): boolean => configured.some((current, index) => current() !== seen[index])
  return (consumed) => {
    if (configured.length > 0 && isOutdated()) {
      seen = configured.map((current) => current())
      base = mergeHeaderChanges(always, ...seen)
    }
    return consumed === undefined || isContained(consumed, base) ? base : mergeHeaderChanges(base, consumed)
  }
}

function isContained(changes: HeaderChanges, base: HeaderChanges): boolean {
  return (
    changes.replace === undefined &&
    areAmong(changes.remove, base.remove) &&
    areAmong(changes.removePrefixes, base.removePrefixes) &&
    areAmong(changes.removeTwinsOf, base.removeTwinsOf) &&
    areAmong(changes.removeCookies, base.removeCookies)
  )
}

/** A loop, since this runs for every request. */
function areAmong(names: readonly string[] = NO_NAMES, all: readonly string[] = NO_NAMES): boolean {
  for (const name of names) if (!all.includes(name)) return false
  return true
}

const NO_NAMES: readonly string[] = []

/** Replacements as they are written into a request: names in lower case, values with one character per byte. */
export function replacementsOf({
  replace = [],
}: HeaderChanges): readonly (readonly [name: string, value: string])[] {
  return replace.map(([name, value]) => [name.toLowerCase(), latin1FromText(value)] as const)
}
