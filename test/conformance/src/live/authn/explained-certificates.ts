import type { Explanation } from '../live-area.ts'
import {
  commonAuthority,
  isUserThereOnly,
  isUserWithoutAnswer,
  keysThatAreOne,
  twins,
} from './explained-shared.ts'
import type { RecordedAuthentication } from './recorded-authentication.ts'

/** What [the list](../../../../../docs/x509.md) says is refused, by the names of the certificates that are so. */
const STRICTER = new Set([
  'sub-empty-rdn',
  'eku-empty',
  'no-seconds',
  'offset',
  'by-ca-ncdir',
  'v1-leaf-ext',
  'serial-70',
  'trailing',
])
/** OpenSSL ends the connection where a certificate has data behind it. */
const UNREADABLE = new Set(['trailing', 'ext-ku-zero'])
/** Issuers in another order than one after the other, and a second one for the same certificate. */
const OTHER_ORDER = new Set(['chain-int-order', 'chain-cross-both'])

const BLANKS =
  '299 - "the provided Authorization header contains extra space before the bearer token, and is ignored"'

/** Why what a client presents makes it somebody else. */
export const explainedCertificates: readonly Explanation<RecordedAuthentication>[] = [
  commonAuthority,
  twins,
  keysThatAreOne,
  {
    row: 'stricter certificates',
    explains: (difference, { request: { cert = '' } }) =>
      (isUserThereOnly(difference) && STRICTER.has(cert)) ||
      (isUserWithoutAnswer(difference) && UNREADABLE.has(cert)),
    always: ({ request: { cert = '' }, kubeApiserver }) =>
      STRICTER.has(cert) &&
      kubeApiserver.user?.extra['authentication.kubernetes.io/credential-id'] !== undefined,
  },
  {
    // Go refuses the handshake where the certificate cannot be read or its key is too short: then nobody is let in here.
    row: 'stricter certificates',
    explains: ({ at, there, here }, { request: { headers = [] } }) =>
      at === 'outcome' && there === 'no answer' && here === '401' && headers.length === 0,
  },
  {
    row: 'order of certificates',
    explains: (difference, { request: { cert = '' } }) =>
      isUserThereOnly(difference) && OTHER_ORDER.has(cert),
  },
  {
    row: 'warning of blanks',
    explains: ({ at, there, here }, { request: { headers = [] } }) =>
      at === 'warning' &&
      there === BLANKS &&
      here === '' &&
      headers.some(([name, value]) => name === 'Authorization' && /^bearer {2}/i.test(value)),
  },
]
