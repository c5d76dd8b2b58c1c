const nameOfField = /^(?=(?:\D*\d){0,3}\D*$)[\p{L}_][\p{L}\d_./-]{0,63}$|^$/u

/**
 * The name of an unknown field, kind or version, for a message. A string that does not look like such a name may be a secret, as the token in
 * `{token:...}` or an identifier, and is shown as `?`.
 */
export function shownName(name: string): string {
  return nameOfField.test(name) ? name : '?'
}
