import { bytesFromLatin1 } from '@kube-authn/internal/byte-text'
import { hexOf } from '@kube-authn/internal/bytes'
import { sha256 } from '#sha256'
import { CREDENTIAL_ID_KEY } from '../../authenticator/extra-keys.ts'
import { rejected } from '../../authenticator/errors.ts'
import { aBoolean, checkOptions, type OptionsShape } from '../../internal/options/index.ts'
import { type UserInfo, userInfo } from '../../authenticator/user.ts'
import { printable } from '@kube-authn/internal/printable'
import { AttributeType, type Certificate, valuesOf } from '@kube-authn/x509'

/** The subject attribute with the uid of a user. */
const UID_ATTRIBUTE = '1.3.6.1.4.1.57683.2'

/** Options of {@link certificateUser}. */
export interface CertificateUserOptions {
  /** Whether to read the uid from the subject (feature gate `AllowParsingUserUIDFromCertAuth`). Default `true`. */
  readonly uidFromSubject?: boolean
}

const shape: OptionsShape<CertificateUserOptions> = { uidFromSubject: aBoolean }

/**
 * The user of a certificate: the last common name of the subject is the username, and its organizations are the groups, in order. Apart
 * from the uid, nothing else in the certificate identifies the user.
 *
 * Source: apiserver `pkg/authentication/request/x509/x509.go` (`CommonNameUserConversion`).
 *
 * @returns `undefined` if the subject has no common name.
 * @throws {AuthenticationError} `rejected` if the uid is empty or there are several.
 */
export function certificateUser(
  { subject, der }: Pick<Certificate, 'subject' | 'der'>,
  options: CertificateUserOptions = {},
): UserInfo | undefined {
  checkOptions(shape, options)
  const { uidFromSubject = true } = options
  const username = valuesOf(subject, AttributeType.commonName).at(-1) ?? ''
  if (username === '') return undefined
  return userInfo({
    username,
    uid: uidFromSubject ? uidOf(valuesOf(subject, UID_ATTRIBUTE)) : '',
    groups: valuesOf(subject, AttributeType.organization),
    extra: { [CREDENTIAL_ID_KEY]: [`X509SHA256=${hexDigest(der)}`] },
  })
}

function uidOf(uids: readonly string[]): string {
  if (uids.length > 1) throw rejected(`expected 1 UID, but found multiple: [${printable(uids.join(' '))}]`)
  const [uid] = uids
  if (uid === '') throw rejected('UID cannot be an empty string')
  return uid ?? ''
}

function hexDigest(der: Uint8Array): string {
  return hexOf(bytesFromLatin1(sha256(der)))
}
