import type { Certificate } from '../certificate.ts'
import { type CertificateError, refusal } from '../errors.ts'
import type { MailboxSubtree, NameConstraints, Subtrees } from '../extensions/name-constraints.ts'
import type { GeneralName, GeneralNameKind } from '../extensions/subject-alt-name.ts'
import {
  domainLabels,
  isInSubtree,
  isSameMailbox,
  type Mailbox,
  mailboxOf,
  mayBeInSubtree,
  uriHost,
} from '../names/domain.ts'
import { isExcludedBy, isPermittedBy } from '../names/ip-range.ts'
import type { Budget } from './budget.ts'

/**
 * Whether a CA may sign the names of all certificates below it. A name that cannot be compared is not permitted.
 *
 * Source: RFC 5280 section 4.2.1.10, Go `crypto/x509/verify.go` (`checkNameConstraints`).
 *
 * @throws {CertificateError} `limit` if the budget is exceeded.
 * @returns the problem, if any.
 */
export function checkNameConstraints(
  constraints: NameConstraints,
  below: readonly Certificate[],
  budget: Budget,
): CertificateError | undefined {
  // Deviation: Go ignores them unless they are critical (`docs/deviations.md`, stricter certificates).
  if (constraints.hasUnsupportedForms) return notAuthorized('a constraint on names of an unsupported kind')
  for (const { extensions } of below) {
    for (const name of extensions.subjectAltName?.names ?? []) {
      const why = checkName(name, constraints, budget)
      if (why !== undefined) return notAuthorized(`${DESCRIPTIONS[name.kind]} ${why}`)
    }
  }
  return undefined
}

const DESCRIPTIONS: Readonly<Record<GeneralNameKind, string>> = {
  dns: 'DNS name',
  email: 'email address',
  uri: 'URI',
  ip: 'IP address',
}

function notAuthorized(why: string): CertificateError {
  return refusal(
    'nameConstraints',
    `a root or intermediate certificate is not authorized to sign for this name: ${why}`,
  )
}

function checkName(
  name: GeneralName,
  { permitted, excluded }: NameConstraints,
  budget: Budget,
): string | undefined {
  const comparisons = excluded[name.kind].length + permitted[name.kind].length
  // One more, since the name must be parsed even without constraints.
  budget.spendNameComparisons(comparisons + 1)
  const matchers = matchersFor(name)
  if (matchers === undefined) return 'cannot be matched against constraints'
  if (matchers.isAnyExcluded(excluded)) return 'is excluded by a constraint'
  const isPermitted = permitted[name.kind].length === 0 || matchers.isAnyPermitted(permitted)
  return isPermitted ? undefined : 'is not permitted by any constraint'
}

/** Compares one name. The name is parsed once, however many constraints there are. */
interface Matchers {
  isAnyExcluded(subtrees: Subtrees): boolean
  isAnyPermitted(subtrees: Subtrees): boolean
}

/** `undefined` if the name cannot be compared, such as a URI without a host or with an IP address: whatever the constraints are, as in Go 1.26. */
function matchersFor(name: GeneralName): Matchers | undefined {
  switch (name.kind) {
    case 'dns': {
      const domain = domainLabels(name.text)
      return (
        domain && {
          isAnyExcluded: ({ dns }) => dns.some((subtree) => mayBeInSubtree(domain, subtree)),
          isAnyPermitted: ({ dns }) => dns.some((subtree) => isInSubtree(domain, subtree)),
        }
      )
    }
    case 'email': {
      const mailbox = mailboxOf(name.text)
      return mailbox && same(({ email }) => email.some((subtree) => isMailboxIn(mailbox, subtree)))
    }
    case 'uri': {
      const { host = '', labels } = uriHost(name.text) ?? {}
      if (host === '' || labels === undefined) return undefined
      return same(({ uri }) => uri.some((subtree) => isInSubtree(labels, subtree)))
    }
    default: {
      const { octets } = name
      return {
        isAnyExcluded: ({ ip }) => ip.some((range) => isExcludedBy(octets, range)),
        isAnyPermitted: ({ ip }) => ip.some((range) => isPermittedBy(octets, range)),
      }
    }
  }
}

function same(isAny: (subtrees: Subtrees) => boolean): Matchers {
  return { isAnyExcluded: isAny, isAnyPermitted: isAny }
}

/** As in Go, but unlike in RFC 5280, a domain without a leading dot includes all domains below it. */
function isMailboxIn(mailbox: Mailbox, subtree: MailboxSubtree): boolean {
  if ('mailbox' in subtree) return isSameMailbox(mailbox, subtree.mailbox)
  return isInSubtree(mailbox.domain, subtree.domains)
}
