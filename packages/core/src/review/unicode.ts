import type { UserJson } from '../user-json.ts'

/** What is said of a user who cannot be told in JSON. */
export const NOT_UNICODE = 'the user has a name, group or extra field that is not Unicode'

/** Whether a user can be told. One who cannot would be told as somebody else: JSON has no bytes that are no text. */
export function isUnicode(user: UserJson): boolean {
  const { username, uid = '', groups = [], extra = {} } = user
  const texts = [username, uid, ...groups, ...Object.keys(extra), ...Object.values(extra).flat()]
  return texts.every((text) => text.isWellFormed())
}
