import { quoted as quotedByGo } from '@kube-authn/internal/quote'

const nameOfField = /^(?=(?:\D*\d){0,3}\D*$)[\p{L}_][\p{L}\d_./-]{0,63}$|^$/u

/** The name of an unknown field, kind or version, for a message. A string that does not look like such a name may be a secret, as the token in `{token:...}` or an identifier, and is shown as `?`. */
export function shownName(name: string): string {
  return nameOfField.test(name) ? name : '?'
}

/**
 * A string in double quotes, as Go's `%q` prints it and Kubernetes' messages contain it. Unprintable characters are escaped, so a name
 * cannot forge a log line.
 *
 * A function of its own, since published declarations cannot import those of a private package.
 */
export function quoted(text: string): string {
  return quotedByGo(text)
}
