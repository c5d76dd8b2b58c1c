import { nameDer } from './certificates.ts'
import {
  bitString,
  concat,
  explicit,
  hex,
  integer,
  nothing,
  octetString,
  oid,
  sequence,
  text,
} from './der.ts'

const ecdsaWithSha256 = sequence(oid('1.2.840.10045.4.3.2'))
const validity = sequence(text(0x17, '200101000000Z'), text(0x17, '300101000000Z'))
export const point: Uint8Array = concat(hex('04'), new Uint8Array(64).fill(1))
export const ecKey = (curve: Uint8Array, key: Uint8Array): Uint8Array =>
  sequence(sequence(oid('1.2.840.10045.2.1'), curve), bitString(key))
export const rsaKey = (
  modulus: Uint8Array,
  exponent: Uint8Array,
  parameters: Uint8Array = nothing,
): Uint8Array =>
  sequence(sequence(oid('1.2.840.113549.1.1.1'), parameters), bitString(sequence(modulus, exponent)))
export const p256: Uint8Array = oid('1.2.840.10045.3.1.7')

export const EMPTY: Uint8Array = new Uint8Array()
const fields = {
  version: explicit(0, integer(2)),
  serialNumber: integer(1),
  innerAlgorithm: ecdsaWithSha256,
  issuer: nameDer('CA'),
  validity,
  subject: nameDer('somebody'),
  publicKey: ecKey(p256, point),
  uniqueIds: EMPTY,
  extensions: EMPTY,
  afterTbs: EMPTY,
  algorithm: ecdsaWithSha256,
  signature: bitString(hex('00')),
  after: EMPTY,
  outside: EMPTY,
} satisfies Record<string, Uint8Array>

/** Fields that are to be others. */
export type Changes = Partial<Record<keyof typeof fields, Uint8Array>>

/** A certificate with some fields changed, and without a valid signature. */
export function unsigned(changes: Changes = {}): Uint8Array<ArrayBuffer> {
  const all: Record<keyof typeof fields, Uint8Array> = { ...fields, ...changes }
  const tbs = sequence(
    all.version,
    all.serialNumber,
    all.innerAlgorithm,
    all.issuer,
    all.validity,
    all.subject,
    all.publicKey,
    all.uniqueIds,
    all.extensions,
    all.afterTbs,
  )
  return concat(sequence(tbs, all.algorithm, all.signature, all.after), all.outside)
}

/** The field for extensions, with these in it. */
export const extensions = (...list: readonly Uint8Array[]): Uint8Array => explicit(3, sequence(...list))
/** One extension. */
export const ext = (id: string, value: Uint8Array, critical?: Uint8Array): Uint8Array =>
  sequence(oid(id), ...(critical === undefined ? [] : [critical]), octetString(value))
