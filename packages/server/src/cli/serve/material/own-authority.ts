import { X509Certificate } from 'node:crypto'
import { join, resolve } from 'node:path'
import { type CertificateAuthority, issueAuthority } from '../../../certificates/node-authority.ts'
import { Failure, orFail } from '../../failure.ts'
import { writeNewFile } from '../../terminal/new-file.ts'
import { newKeyPair, pemOfKey } from '../../key-pair.ts'
import type { CertificateFiles } from '../flags/listen-flags.ts'
import { readPrivateKey, readTextFile } from './private-files.ts'

/** As kubeadm. */
const DAYS = 3650

/** The CA of a data folder. */
export interface OwnAuthority extends CertificateAuthority, CertificateFiles {
  readonly pem: string
}

/**
 * The CA in a folder, which is made if there is none. It is never replaced: everything that it has signed would be worth nothing.
 *
 * @throws {Failure} if only a part of it is there, or it cannot be used.
 */
export async function ownAuthority(folder: string, nowMs: number): Promise<OwnAuthority> {
  const found = foundAuthority(folder, nowMs)
  return 'pem' in found ? found : newAuthority(found, nowMs)
}

/** Where a CA will be, and its key, if it was made just before the process ended. */
interface MissingAuthority extends CertificateFiles {
  readonly privateKey: CertificateAuthority['privateKey'] | undefined
}

/** The CA in a folder, if there is one. @throws {Failure} as {@link ownAuthority}. */
export function foundAuthority(folder: string, nowMs: number): OwnAuthority | MissingAuthority {
  const files = { certFile: join(folder, 'ca.crt'), keyFile: join(folder, 'ca.key') }
  const { certFile, keyFile } = files
  const privateKey = readPrivateKey(keyFile)
  const pem = readTextFile(certFile)
  if (pem === undefined) return { ...files, privateKey }
  const certificate = orFail(
    () => new X509Certificate(pem),
    () => `${resolve(certFile)}: is not a certificate in PEM`,
  )
  if (privateKey === undefined || !certificate.ca || !certificate.checkPrivateKey(privateKey)) {
    throw new Failure(
      `${resolve(keyFile)}: is not there, or is not the key of the CA in ${certFile}; restore both, or remove both to begin with a new CA`,
    )
  }
  if (Date.parse(certificate.validTo) <= nowMs) {
    throw new Failure(
      `${resolve(certFile)}: the CA has expired; remove it and its key to begin with a new CA`,
    )
  }
  return { certificate, privateKey, ...files, pem }
}

async function newAuthority(
  { certFile, keyFile, privateKey: found }: MissingAuthority,
  nowMs: number,
): Promise<OwnAuthority> {
  // As kubeadm makes them with `ECDSA-P256`.
  const privateKey = found ?? newKeyPair('P-256').privateKey
  if (found === undefined) await writeNewFile(keyFile, pemOfKey(privateKey), { replaces: false })
  const pem = await issueAuthority({ privateKey, commonName: 'kube-authn', ...validFor(DAYS, nowMs) })
  await writeNewFile(certFile, pem, { replaces: false })
  return { certificate: new X509Certificate(pem), privateKey, certFile, keyFile, pem }
}

const DAY_MS = 86_400_000
/** For clocks that are late. */
const BACKDATE_MS = 300_000
/** A certificate is renewed before this long is left. */
const RENEWAL_MS = 30 * DAY_MS

/** From a moment ago on, for a number of days. */
export function validFor(days: number, nowMs: number): { readonly notBefore: Date; readonly notAfter: Date } {
  const seconds = Math.floor(nowMs / 1000) * 1000
  return { notBefore: new Date(seconds - BACKDATE_MS), notAfter: new Date(seconds + days * DAY_MS) }
}

/** Whether a certificate is valid now and need not be renewed yet. */
export function isFresh({ validFrom, validTo }: X509Certificate, nowMs: number): boolean {
  return Date.parse(validFrom) <= nowMs && Date.parse(validTo) - nowMs > RENEWAL_MS
}
