import {
  type Bytes,
  contextTag,
  type DerElement,
  DerReader,
  sequencesOf,
  soleElement,
  Tag,
} from '../der/reader.ts'
import { objectIdentifier, smallImplicitInteger, smallInteger } from '../der/values.ts'
import { malformed } from '../errors.ts'

/** The policies of a certificate, and the policy constraints for the certificates below it (RFC 5280 section 4.2.1). */
export interface Policies {
  /** Object identifiers in dotted form. */
  readonly certificatePolicies?: readonly string[]
  /** After this many certificates an explicit policy is required. */
  readonly requireExplicitPolicy?: number
  /** After this many certificates `anyPolicy` is ignored. */
  readonly inhibitAnyPolicy?: number
  readonly hasMappings?: boolean
}

export const ANY_POLICY = '2.5.29.32.0'

/** Reads `CertificatePolicies` (section 4.2.1.4). */
export function certificatePoliciesOf(value: Bytes): Policies {
  const what = 'certificatePolicies'
  const policies = new Set<string>()
  for (const fields of sequencesOf(soleElement(value, Tag.sequence, what), what)) {
    const policy = objectIdentifier(fields.next(what), what)
    const qualifiers = fields.optional(Tag.sequence, what)
    if (qualifiers !== undefined) checkQualifiers(qualifiers, what)
    if (policies.has(policy)) throw malformed(what, 'the same one twice')
    policies.add(policy)
  }
  return { certificatePolicies: [...policies] }
}

/** Checks only the syntax: qualifiers are for humans. */
function checkQualifiers(list: DerElement, what: string): void {
  for (const fields of sequencesOf(list, what)) {
    objectIdentifier(fields.next(what), what)
    fields.next(what)
  }
}

/** Reads `PolicyMappings` (section 4.2.1.5). */
export function policyMappingsOf(value: Bytes): Policies {
  const what = 'policyMappings'
  for (const fields of sequencesOf(soleElement(value, Tag.sequence, what), what)) {
    const policies = [fields.next(what), fields.next(what)].map((policy) => objectIdentifier(policy, what))
    if (policies.includes(ANY_POLICY)) throw malformed(what, 'anyPolicy cannot be mapped')
  }
  return { hasMappings: true }
}

/** Reads `PolicyConstraints` (section 4.2.1.11). */
export function policyConstraintsOf(value: Bytes): Policies {
  const what = 'policyConstraints'
  const fields = new DerReader(soleElement(value, Tag.sequence, what))
  const explicit = fields.optional(contextTag(0, 'primitive'), what)
  const inhibitMapping = fields.optional(contextTag(1, 'primitive'), what)
  fields.finish(what)
  if (explicit === undefined && inhibitMapping === undefined) throw malformed(what, 'empty')
  if (inhibitMapping !== undefined) smallImplicitInteger(inhibitMapping, what)
  return explicit === undefined ? {} : { requireExplicitPolicy: smallImplicitInteger(explicit, what) }
}

/** Reads `InhibitAnyPolicy` (section 4.2.1.14). */
export function inhibitAnyPolicyOf(value: Bytes): Policies {
  const what = 'inhibitAnyPolicy'
  return { inhibitAnyPolicy: smallInteger(soleElement(value, Tag.integer, what), what) }
}
