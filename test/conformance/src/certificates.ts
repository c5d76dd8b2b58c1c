import { createHash } from 'node:crypto'
import { NotUnderstood } from './vector.ts'

/** Certificates of the fixture `FIXTURE-certs`, by name. */
export type Certificates = Readonly<Record<string, { readonly pem: string; readonly sha256?: string }>>

/** The PEM text of references such as `@jane`. */
export function pemOf(certificates: Certificates, references: readonly string[]): string {
  return references.map((reference) => certificateNamed(certificates, reference).pem).join('')
}

/** The DER of references such as `@jane`. */
export function derOf(certificates: Certificates, references: readonly string[]): readonly Uint8Array[] {
  return references.map((reference) => {
    const base64 = certificateNamed(certificates, reference).pem.replaceAll(/-----[A-Z ]+-----|\s/g, '')
    return new Uint8Array(Buffer.from(base64, 'base64'))
  })
}

/** With the credential ids that `$CREDENTIAL_ID(@jane)` stands for. */
export function withCredentialIds<T>(certificates: Certificates, expected: T): T {
  return JSON.parse(
    JSON.stringify(expected).replaceAll(/\$CREDENTIAL_ID\((@[\w-]+)\)/g, (_, reference: string) => {
      const [der = new Uint8Array()] = derOf(certificates, [reference])
      return `X509SHA256=${createHash('sha256').update(der).digest('hex')}`
    }),
  ) as T
}

function certificateNamed(certificates: Certificates, reference: string): Certificates[string] {
  const certificate = certificates[reference.replace(/^@/, '')]
  if (certificate === undefined) throw new NotUnderstood(`certificate ${reference}`)
  return certificate
}
