import { describe, expect, it } from 'vitest'
import { explicit, integer, nothing, oid, sequence } from '../test/der.ts'
import { unsigned } from '../test/unsigned-certificate.ts'
import { parseCertificate } from './certificate.ts'

describe('a signature', () => {
  const pss = (...parameters: readonly Uint8Array[]): Uint8Array =>
    sequence(oid('1.2.840.113549.1.1.10'), sequence(...parameters))
  const sha256 = sequence(oid('2.16.840.1.101.3.4.2.1'))
  const sha384 = sequence(oid('2.16.840.1.101.3.4.2.2'))
  const mgf1 = (hash: Uint8Array): Uint8Array => explicit(1, sequence(oid('1.2.840.113549.1.1.8'), hash))
  it.each<readonly [string, Uint8Array]>([
    ['SHA-1 with RSA', sequence(oid('1.2.840.113549.1.1.5'), nothing)],
    ['SHA-224 with RSA', sequence(oid('1.2.840.113549.1.1.14'), nothing)],
    ['MD5 with RSA', sequence(oid('1.2.840.113549.1.1.4'), nothing)],
    ['SHA-1 with ECDSA', sequence(oid('1.2.840.10045.4.1'))],
    ['SHA-3 with ECDSA', sequence(oid('2.16.840.1.101.3.4.3.10'))],
    ['SHA-256 with DSA', sequence(oid('2.16.840.1.101.3.4.3.2'))],
    ['Ed25519 with parameters', sequence(oid('1.3.101.112'), nothing)],
    ['ECDSA with parameters', sequence(oid('1.2.840.10045.4.3.2'), sequence())],
    ['PSS without parameters', sequence(oid('1.2.840.113549.1.1.10'))],
    ['PSS with defaults, which are SHA-1', pss()],
    ['PSS with a short salt', pss(explicit(0, sha256), mgf1(sha256), explicit(2, integer(20)))],
    ['PSS with two hashes', pss(explicit(0, sha256), mgf1(sha384), explicit(2, integer(32)))],
    [
      'PSS with a trailer',
      pss(explicit(0, sha256), mgf1(sha256), explicit(2, integer(32)), explicit(3, integer(1))),
    ],
    [
      'PSS with parameters of its hash',
      pss(
        explicit(0, sequence(oid('2.16.840.1.101.3.4.2.1'), integer(1))),
        mgf1(sha256),
        explicit(2, integer(32)),
      ),
    ],
  ])('by %s has no algorithm to verify it by', (_, algorithm) => {
    const certificate = parseCertificate(unsigned({ algorithm, innerAlgorithm: algorithm }))
    expect(certificate.signatureAlgorithm).toBeUndefined()
  })
})
