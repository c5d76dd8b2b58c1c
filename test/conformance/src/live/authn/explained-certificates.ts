import type { Explanation } from '../live-area.ts'
import { explainedHttp1 } from './explained-http1.ts'
import {
  BEARER_BLANKS,
  hasToken,
  isUserThereOnly,
  isUserWithoutAnswer,
  keysThatAreOne,
  twins,
  unparsedCertificate,
} from './explained-shared.ts'
import type { RecordedAuthentication } from './recorded-authentication.ts'

/** Certificates that [the list](../../../../../docs/x509.md) refuses, by name. */
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
/** OpenSSL closes the connection if a certificate has trailing data. */
const UNREADABLE = new Set(['trailing', 'ext-ku-zero'])
/** Issuers out of order, and a second issuer of the same certificate. */
const OTHER_ORDER = new Set(['chain-int-order', 'chain-cross-both'])

const BLANKS =
  '299 - "the provided Authorization header contains extra space before the bearer token, and is ignored"'

/** Why a client's certificates authenticate another user. */
export const explainedCertificates: readonly Explanation<RecordedAuthentication>[] = [
  // Behind TLS it is HTTP/1.1 as well.
  ...explainedHttp1,
  twins,
  keysThatAreOne,
  {
    row: 'stricter certificates',
    explains: (difference, { request }) =>
      (isUserThereOnly(difference) && STRICTER.has(request.cert ?? '')) ||
      // A token counts instead.
      (difference.at.startsWith('user.') && STRICTER.has(request.cert ?? '') && hasToken(request)) ||
      (isUserWithoutAnswer(difference) && UNREADABLE.has(request.cert ?? '')),
    always: ({ request: { cert = '' }, kubeApiserver }) =>
      STRICTER.has(cert) &&
      kubeApiserver.user?.extra['authentication.kubernetes.io/credential-id'] !== undefined,
  },
  unparsedCertificate,
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
      headers.some(([name, value]) => /^authorization$/i.test(name) && BEARER_BLANKS.test(value)),
  },
]
