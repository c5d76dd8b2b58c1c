/** The group of all users with a bootstrap token. */
const BOOTSTRAPPERS_GROUP = 'system:bootstrappers'

const EXTRA_GROUP = /^system:bootstrappers:[a-z0-9:-]{0,255}[a-z0-9]$/

/**
 * Whether a bootstrap token may grant this group, besides `system:bootstrappers`.
 *
 * Source: cluster-bootstrap `token/api/types.go`, BootstrapGroupPattern.
 */
export function isBootstrapGroup(group: string): boolean {
  return EXTRA_GROUP.test(group)
}

/**
 * The groups of a token with this `auth-extra-groups`, sorted and without duplicates. `undefined` if one of them is not allowed. The list
 * is not trimmed, so a trailing space or comma makes it invalid.
 *
 * Source: cluster-bootstrap `util/secrets/secrets.go`, GetGroups.
 */
export function bootstrapGroups(extraGroups: string): readonly string[] | undefined {
  if (extraGroups === '') return [BOOTSTRAPPERS_GROUP]
  const extra = extraGroups.split(',')
  return extra.every(isBootstrapGroup) ? [...new Set([BOOTSTRAPPERS_GROUP, ...extra])].toSorted() : undefined
}
