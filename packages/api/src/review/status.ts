import type { ObjectReader } from '@kube-authn/core/internal'

/*
 * The status that a client sends with a review. It is ignored, but a wrong type is an error and an unknown field is a warning.
 *
 * Source: api `authorization/v1`, `authentication/v1`.
 */

/** The status of an access review. */
export function readAccessStatus(status: ObjectReader): void {
  for (const name of ['allowed', 'denied']) status.boolean(name)
  for (const name of ['reason', 'evaluationError']) status.string(name)
}

/** The status of a SelfSubjectRulesReview. */
export function readRulesStatus(status: ObjectReader): void {
  readRules(status, 'resourceRules', ['verbs', 'apiGroups', 'resources', 'resourceNames'])
  readRules(status, 'nonResourceRules', ['verbs', 'nonResourceURLs'])
  status.boolean('incomplete')
  status.string('evaluationError')
}

/** The status of a SelfSubjectReview. */
export function readSubjectStatus(status: ObjectReader): void {
  readUser(status.object('userInfo'))
}

/** The status of a TokenReview. */
export function readTokenStatus(status: ObjectReader): void {
  status.boolean('authenticated')
  readUser(status.object('user'))
  status.strings('audiences')
  status.string('error')
}

function readRules(status: ObjectReader, name: string, fields: readonly string[]): void {
  for (const rule of status.objects(name)) {
    for (const field of fields) rule.strings(field)
    rule.end()
  }
}

function readUser(user: ObjectReader | undefined): void {
  if (user === undefined) return
  for (const name of ['username', 'uid']) user.string(name)
  user.strings('groups')
  const extra = user.object('extra')
  for (const key of extra?.names() ?? []) extra?.strings(key)
  user.end()
}
