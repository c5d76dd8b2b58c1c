import { quoted as quotedByGo } from '@kube-authn/internal/quote'

/**
 * A string in double quotes, as Go's `%q` prints it and Kubernetes' messages contain it. Unprintable characters are escaped, so a name
 * cannot forge a log line.
 *
 * A function of its own, since published declarations cannot import those of a private package.
 */
export function quoted(text: string): string {
  return quotedByGo(text)
}
