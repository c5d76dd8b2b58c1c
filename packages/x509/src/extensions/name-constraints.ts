import { ia5Text } from '../der/directory-string.ts'
import {
  type Bytes,
  contentOf,
  contextTag,
  type DerElement,
  DerReader,
  elementsOf,
  soleElement,
  Tag,
} from '../der/reader.ts'
import { malformed } from '../errors.ts'
import { domainSubtree, type DomainSubtree, isIpv4Address, type Mailbox, mailboxOf } from '../names/domain.ts'
import { ipRange, type IpRange } from '../names/ip-range.ts'
import { generalNameKind } from './subject-alt-name.ts'

/** The names that a CA may sign (RFC 5280 section 4.2.1.10). */
export interface NameConstraints {
  readonly permitted: Subtrees
  readonly excluded: Subtrees
  /** Whether there are constraints on names of unsupported kinds, such as the subject itself. */
  readonly hasUnsupportedForms: boolean
}

/** Subtrees by kind of name. */
export interface Subtrees {
  readonly dns: readonly DomainSubtree[]
  readonly uri: readonly DomainSubtree[]
  readonly email: readonly MailboxSubtree[]
  readonly ip: readonly IpRange[]
}

export type MailboxSubtree = { readonly mailbox: Mailbox } | { readonly domains: DomainSubtree }

type Draft = { -readonly [Kind in keyof Subtrees]: Subtrees[Kind][number][] }

const WHAT = 'nameConstraints'

export function nameConstraintsOf(value: Bytes): NameConstraints {
  const fields = new DerReader(soleElement(value, Tag.sequence, WHAT))
  const permittedField = fields.optional(contextTag(0, 'constructed'), WHAT)
  const excludedField = fields.optional(contextTag(1, 'constructed'), WHAT)
  fields.finish(WHAT)
  if (permittedField === undefined && excludedField === undefined) throw malformed(WHAT, 'empty')
  const permitted: Draft = { dns: [], uri: [], email: [], ip: [] }
  const excluded: Draft = { dns: [], uri: [], email: [], ip: [] }
  const supported = [...readSubtrees(permittedField, permitted), ...readSubtrees(excludedField, excluded)]
  return { permitted, excluded, hasUnsupportedForms: supported.includes(false) }
}

/** Adds each subtree to those of its kind, and returns for each whether its kind is supported. */
function readSubtrees(list: DerElement | undefined, subtrees: Draft): readonly boolean[] {
  if (list === undefined) return []
  return Array.from(elementsOf(list, Tag.sequence, WHAT), (subtree) => {
    const fields = new DerReader(subtree)
    const base = fields.next(WHAT)
    // Refuses a minimum or maximum distance, which RFC 5280 forbids.
    fields.finish(WHAT)
    return readBase(base, subtrees)
  })
}

function readBase(base: DerElement, subtrees: Draft): boolean {
  const content = contentOf(base)
  const kind = generalNameKind(base)
  switch (kind) {
    case 'ip':
      subtrees.ip.push(orMalformed(ipRange(content)))
      return true
    case 'email':
      subtrees.email.push(mailboxSubtree(ia5Text(content, WHAT)))
      return true
    case 'dns':
    case 'uri': {
      const text = ia5Text(content, WHAT)
      const isAddress = isIpv4Address(text) || text.includes(':')
      if (kind === 'uri' && isAddress) throw malformed(WHAT, 'IP address as a constraint on URIs')
      subtrees[kind].push(orMalformed(domainSubtree(text)))
      return true
    }
    default:
      return false
  }
}

function mailboxSubtree(text: string): MailboxSubtree {
  if (text.includes('@')) return { mailbox: orMalformed(mailboxOf(text)) }
  return { domains: orMalformed(domainSubtree(text)) }
}

function orMalformed<T>(subtree: T | undefined): T {
  if (subtree === undefined) throw malformed(WHAT, 'not what its kind demands')
  return subtree
}
