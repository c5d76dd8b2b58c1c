import { X509Certificate } from 'node:crypto'
import { join, resolve } from 'node:path'
import { issueAuthority } from '../../../certificates/issue-authority.ts'
import type { CertificateAuthority } from '../../../certificates/node-keys.ts'
import { Failure } from '../../failure.ts'
import { writeNewFile } from '../../terminal/new-file.ts'
import { keyInFile, newPrivateKey, pemOfKey } from './key-pair.ts'
import { readPrivateFile, readTextFile } from './private-files.ts'
import { validFor } from './validity.ts'

/** As kubeadm. */
const DAYS = 3650

/** The CA of a data folder. */
export interface OwnAuthority extends CertificateAuthority {
  readonly certFile: string
  readonly keyFile: string
  readonly pem: string
}

/**
 * The CA in a folder, which is made if there is none. It is never replaced: everything that it has signed would be worth nothing.
 *
 * @throws {Failure} if only a part of it is there, or it cannot be used.
 */
export async function ownAuthority(folder: string, nowMs: number): Promise<OwnAuthority> {
  const certFile = join(folder, 'ca.crt')
  const keyFile = join(folder, 'ca.key')
  const key = readPrivateFile(keyFile)
  const pem = readTextFile(certFile)
  if (key === undefined && pem === undefined) return newAuthority({ certFile, keyFile }, nowMs)
  // A key that was made just before the process ended is used.
  const privateKey = key === undefined ? undefined : keyInFile(resolve(keyFile), key)
  if (privateKey !== undefined && pem === undefined)
    return certified({ certFile, keyFile }, privateKey, nowMs)
  const certificate = certificateIn(certFile, pem ?? '')
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
  return { certificate, privateKey, certFile, keyFile, pem: pem ?? '' }
}

interface Files {
  readonly certFile: string
  readonly keyFile: string
}

async function newAuthority(files: Files, nowMs: number): Promise<OwnAuthority> {
  const privateKey = await newPrivateKey()
  writeNewFile(files.keyFile, pemOfKey(privateKey), { replaces: false })
  return certified(files, privateKey, nowMs)
}

async function certified(
  { certFile, keyFile }: Files,
  privateKey: CertificateAuthority['privateKey'],
  nowMs: number,
): Promise<OwnAuthority> {
  const pem = await issueAuthority({ privateKey, commonName: 'kube-authn', ...validFor(DAYS, nowMs) })
  writeNewFile(certFile, pem, { replaces: false })
  return { certificate: new X509Certificate(pem), privateKey, certFile, keyFile, pem }
}

function certificateIn(path: string, pem: string): X509Certificate {
  try {
    return new X509Certificate(pem)
  } catch {
    throw new Failure(`${resolve(path)}: is not a certificate in PEM`)
  }
}
