import { ia5Text } from '../der/directory-string.ts'
import {
  type Bytes,
  contentOf,
  contextTag,
  type DerElement,
  DerReader,
  elementsOf,
  sequencesOf,
  soleElement,
  Tag,
} from '../der/reader.ts'
import { bitsOf, booleanOf, objectIdentifier, smallInteger } from '../der/values.ts'
import { malformed } from '../errors.ts'
import { type NameConstraints, nameConstraintsOf } from './name-constraints.ts'
import {
  certificatePoliciesOf,
  inhibitAnyPolicyOf,
  type Policies,
  policyConstraintsOf,
  policyMappingsOf,
} from './policies.ts'
import { generalNameKind, type SubjectAltName, subjectAltNameOf } from './subject-alt-name.ts'

/** The extensions of a certificate (RFC 5280 section 4.2) that decisions depend on. */
export interface Extensions {
  readonly basicConstraints?: BasicConstraints
  readonly keyUsage?: KeyUsage
  /** Object identifiers in dotted form; at least one. */
  readonly extendedKeyUsage?: readonly string[]
  readonly subjectAltName?: SubjectAltName
  readonly nameConstraints?: NameConstraints
  readonly subjectKeyIdentifier?: Bytes
  readonly authorityKeyIdentifier?: Bytes
  /** From several extensions; empty without any of them. */
  readonly policies: Policies
  /** The object identifiers of critical extensions that are not or not fully supported. */
  readonly unhandledCritical: readonly string[]
}

export const noExtensions: Extensions = { policies: {}, unhandledCritical: [] }

/** An extension whose value is not read yet. */
export interface Extension {
  /** An object identifier in dotted form. */
  readonly id: string
  readonly critical: boolean
  readonly value: Bytes
}

type Fields = Omit<Extensions, 'unhandledCritical' | 'policies'>

/** The result of reading one extension, and whether it is fully supported. */
interface Reading {
  readonly fields?: Fields
  readonly policies?: Policies
  readonly isHandled?: boolean
}

export function readExtensions(list: DerElement): Extensions {
  const seen = new Set<string>()
  const unhandledCritical: string[] = []
  const all: Fields = {}
  const allPolicies: Policies = {}
  const elements = new DerReader(list)
  // RFC 5280 forbids an empty list, but some issuers write one.
  while (!elements.isAtEnd) {
    const extension = extensionOf(elements.required(Tag.sequence, 'extensions'))
    if (seen.has(extension.id)) throw malformed('extensions', 'the same one twice')
    seen.add(extension.id)
    const { fields, policies, isHandled = true } = read(extension)
    if (!isHandled && extension.critical) unhandledCritical.push(extension.id)
    Object.assign(all, fields)
    Object.assign(allPolicies, policies)
  }
  return { ...all, policies: allPolicies, unhandledCritical }
}

/** Reads one `Extension`, but not its value. */
export function extensionOf(element: DerElement): Extension {
  const what = 'extension'
  const fields = new DerReader(element)
  const id = objectIdentifier(fields.next(what), what)
  // As in Go, an explicit `FALSE` is accepted, although DER omits it.
  const criticalField = fields.optional(Tag.boolean, what)
  const value = contentOf(fields.required(Tag.octetString, what))
  fields.finish(what)
  return { id, critical: criticalField !== undefined && booleanOf(criticalField, what), value }
}

function read({ id, critical, value }: Extension): Reading {
  const what = NEVER_CRITICAL.get(id)
  if (critical && what !== undefined) throw malformed(what, 'marked critical')
  return READERS.get(id)?.(value) ?? { isHandled: false }
}

const NEVER_CRITICAL: ReadonlyMap<string, string> = new Map([
  ['2.5.29.14', 'subjectKeyIdentifier'],
  ['2.5.29.35', 'authorityKeyIdentifier'],
  ['1.3.6.1.5.5.7.1.1', 'authorityInfoAccess'],
])

const READERS: ReadonlyMap<string, (value: Bytes) => Reading> = new Map<string, (value: Bytes) => Reading>([
  ['2.5.29.14', (value) => ({ fields: { subjectKeyIdentifier: subjectKeyIdentifierOf(value) } })],
  ['2.5.29.15', (value) => ({ fields: { keyUsage: keyUsageOf(value) } })],
  ['2.5.29.17', readSubjectAltName],
  ['2.5.29.19', (value) => ({ fields: { basicConstraints: basicConstraintsOf(value) } })],
  ['2.5.29.30', readNameConstraints],
  ['2.5.29.31', checkCrlDistributionPoints],
  ['2.5.29.32', (value) => ({ policies: certificatePoliciesOf(value) })],
  ['2.5.29.33', (value) => ({ policies: policyMappingsOf(value) })],
  ['2.5.29.35', (value) => ({ fields: authorityKeyIdentifierOf(value) })],
  ['2.5.29.36', (value) => ({ policies: policyConstraintsOf(value) })],
  ['2.5.29.37', (value) => ({ fields: { extendedKeyUsage: extendedKeyUsageOf(value) } })],
  ['2.5.29.54', (value) => ({ policies: inhibitAnyPolicyOf(value) })],
  ['1.3.6.1.5.5.7.1.1', checkAuthorityInformationAccess],
])

function readSubjectAltName(value: Bytes): Reading {
  const subjectAltName = subjectAltNameOf(value)
  return { fields: { subjectAltName }, isHandled: subjectAltName.names.length > 0 }
}

function readNameConstraints(value: Bytes): Reading {
  const nameConstraints = nameConstraintsOf(value)
  return { fields: { nameConstraints }, isHandled: !nameConstraints.hasUnsupportedForms }
}

const WHAT = 'cRLDistributionPoints'

/** Checks the syntax of `CRLDistributionPoints` (RFC 5280 section 4.2.1.13). No list is fetched: kube-apiserver does not check revocation. */
function checkCrlDistributionPoints(value: Bytes): Reading {
  for (const fields of sequencesOf(soleElement(value, Tag.sequence, WHAT), WHAT)) {
    const name = fields.optional(contextTag(0, 'constructed'), WHAT)
    if (name !== undefined) checkFullName(name)
    fields.optional(contextTag(1, 'primitive'), WHAT)
    fields.optional(contextTag(2, 'constructed'), WHAT)
  }
  return {}
}

/** The other form, a name relative to the issuer, is refused as in Go. */
function checkFullName(name: DerElement): void {
  const names = new DerReader(soleElement(name, contextTag(0, 'constructed'), WHAT))
  while (!names.isAtEnd) {
    const each = names.next(WHAT)
    if (generalNameKind(each) === 'uri') ia5Text(contentOf(each), WHAT)
  }
}

/** Checks the syntax of `AuthorityInfoAccessSyntax` (RFC 5280 section 4.2.2.1). Its locations are not used. */
function checkAuthorityInformationAccess(value: Bytes): Reading {
  const what = 'authorityInfoAccess'
  for (const fields of sequencesOf(soleElement(value, Tag.sequence, what), what)) {
    objectIdentifier(fields.next(what), what)
    const location = fields.next(what)
    if (generalNameKind(location) === 'uri') ia5Text(contentOf(location), what)
  }
  return {}
}

/* What a key may do, whose it is, and whether it may sign other certificates. */

/** Whether this is a CA certificate (RFC 5280 section 4.2.1.9). */
export interface BasicConstraints {
  readonly isCa: boolean
  /** How many intermediate certificates may follow; absent: any number. */
  readonly pathLength?: number
}

function basicConstraintsOf(value: Bytes): BasicConstraints {
  const what = 'basicConstraints'
  const fields = new DerReader(soleElement(value, Tag.sequence, what))
  const ca = fields.optional(Tag.boolean, what)
  const pathLength = fields.optional(Tag.integer, what)
  fields.finish(what)
  return {
    isCa: ca !== undefined && booleanOf(ca, what),
    ...(pathLength !== undefined && { pathLength: smallInteger(pathLength, what) }),
  }
}

/** The permitted uses of a key (RFC 5280 section 4.2.1.3) that decisions depend on. */
export interface KeyUsage {
  readonly keyCertSign: boolean
}

/** Usages of `extKeyUsage` (RFC 5280 section 4.2.1.12). */
export const ExtendedKeyUsage = {
  any: '2.5.29.37.0',
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
} as const

/** Reads `KeyUsage`. Without any bit set it permits everything, as in Go. */
function keyUsageOf(value: Bytes): KeyUsage {
  const what = 'keyUsage'
  const { octets } = bitsOf(soleElement(value, Tag.bitString, what), what)
  const [first = 0] = octets
  const isEmpty = octets.every((octet) => octet === 0)
  return { keyCertSign: isEmpty || (first & 0x04) !== 0 }
}

/**
 * Reads `ExtKeyUsage`.
 *
 * Deviation: in Go an empty list permits everything (`docs/deviations.md`, stricter certificates).
 */
function extendedKeyUsageOf(value: Bytes): readonly string[] {
  const what = 'extKeyUsage'
  const list = soleElement(value, Tag.sequence, what)
  return Array.from(elementsOf(list, Tag.objectIdentifier, what), (usage) => objectIdentifier(usage, what))
}

/** Reads `SubjectKeyIdentifier` (RFC 5280 section 4.2.1.2). */
function subjectKeyIdentifierOf(value: Bytes): Bytes {
  return contentOf(soleElement(value, Tag.octetString, 'subjectKeyIdentifier'))
}

/** Reads `AuthorityKeyIdentifier` (RFC 5280 section 4.2.1.1). Only the key identifier is used. */
function authorityKeyIdentifierOf(value: Bytes): { readonly authorityKeyIdentifier?: Bytes } {
  const what = 'authorityKeyIdentifier'
  const fields = new DerReader(soleElement(value, Tag.sequence, what))
  const keyIdentifier = fields.optional(contextTag(0, 'primitive'), what)
  fields.optional(contextTag(1, 'constructed'), what)
  fields.optional(contextTag(2, 'primitive'), what)
  fields.finish(what)
  return keyIdentifier === undefined ? {} : { authorityKeyIdentifier: contentOf(keyIdentifier) }
}
