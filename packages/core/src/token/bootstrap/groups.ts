/** The group of everybody who has a bootstrap token. */
export const BOOTSTRAPPERS_GROUP = 'system:bootstrappers'

const EXTRA_GROUP = /^system:bootstrappers:[a-z0-9:-]{0,255}[a-z0-9]$/

/**
 * Whether a bootstrap token may put its user into this group, besides `system:bootstrappers`.
 *
 * Source: cluster-bootstrap `token/api/types.go`, BootstrapGroupPattern.
 */
export function isBootstrapGroup(group: string): boolean {
  return EXTRA_GROUP.test(group)
}

/**
 * The groups of a token with this `auth-extra-groups`: no group twice, in order of their names. `undefined` when one of them
 * may not be given; nothing is trimmed, so a space or a comma at the end spoils the list.
 *
 * Source: cluster-bootstrap `util/secrets/secrets.go`, GetGroups.
 */
export function bootstrapGroups(extraGroups: string): readonly string[] | undefined {
  if (extraGroups === '') return [BOOTSTRAPPERS_GROUP]
  const extra = extraGroups.split(',')
  return extra.every(isBootstrapGroup) ? [...new Set([BOOTSTRAPPERS_GROUP, ...extra])].toSorted() : undefined
}
