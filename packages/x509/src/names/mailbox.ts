import { type DomainLabels, domainLabels } from './domain.ts'

/** An e-mail address. The local part is case-sensitive, the domain is not. */
export interface Mailbox {
  readonly local: string
  readonly domain: DomainLabels
}

/** One or more atoms, separated by dots (RFC 5322 section 3.2.3). */
const DOT_ATOM = /^[\w!#$%&'*+\-/=?^`{|}~]+(?:\.[\w!#$%&'*+\-/=?^`{|}~]+)*$/
/** RFC 5321 section 4.1.2; a character after a backslash stands for itself. */
const QUOTED = /^"(?:[ !#-[\]-~]|\\[ -~])*"$/

/** Parses an address (RFC 5321 section 4.1.2); `undefined` if it is malformed. */
export function mailboxOf(address: string): Mailbox | undefined {
  const at = address.lastIndexOf('@')
  const local = address.slice(0, at)
  const domain = domainLabels(address.slice(at + 1))
  if (at < 1 || domain === undefined || domain.length === 0) return undefined
  if (DOT_ATOM.test(local)) return { local, domain }
  if (!QUOTED.test(local)) return undefined
  return { local: local.slice(1, -1).replaceAll(/\\(.)/g, '$1'), domain }
}

/** Whether two mailboxes are the same. */
export function isSameMailbox(one: Mailbox, other: Mailbox): boolean {
  return (
    one.local === other.local &&
    one.domain.length === other.domain.length &&
    one.domain.every((label, index) => label === other.domain[index])
  )
}
