import type { Difference } from '../difference.ts'
import type { Explanation } from '../live-area.ts'
import type { RecordedStart } from './start.ts'

/** Why a server starts with different files and options. */
export const explainedStart: readonly Explanation<RecordedStart>[] = [
  {
    row: 'stricter certificates',
    explains: (difference, { setup }) =>
      isRefusedHereFor(
        difference,
        /^clientCAFile: \S+: x509: certificate block \d+ (?:has no end|is not base64)$/,
      ) ||
      (hasAuthority(setup, 'ca-p224') &&
        isRefusedHereFor(
          difference,
          /^clientCAFile: \S+: x509: malformed EC key: unsupported elliptic curve$/,
        )),
  },
  {
    row: 'request header configuration',
    explains: (difference, { setup }) =>
      isWithoutUid(difference, setup) ||
      isRefusedHereFor(
        difference,
        /^requestHeader\.(?:\w+\[\d+\]: (?:covers the same header as \w+\[\d+\]|must be the name of a header)|allowedNames\[\d+\]: must not be blank)$/,
      ),
  },
  {
    row: 'request header configuration',
    explains: ({ at, there, here }, { setup }) =>
      at.endsWith(' outcome') && there === '401' && here === 'user bob' && namesOf(setup).some(isPadded),
  },
  {
    row: 'distinct CAs',
    explains: (difference) =>
      isRefusedHereFor(
        difference,
        /^clientCAFile: requestHeader: has a CA in common with the CA of client certificates: give proxies a CA of their own, which signs no users$/,
      ),
  },
  {
    row: 'authentication configuration',
    explains: (difference) =>
      isRefusedHereFor(
        difference,
        /^authenticationConfig: (?:anonymous\.conditions\[\d+\]\.path: Required value|\S+: must be one document)$/,
      ),
  },
  {
    row: 'anonymous by default',
    explains: ({ at, there, here }, { setup }) =>
      at.endsWith(' outcome') &&
      there === 'user system:anonymous' &&
      here === '401' &&
      typeof setup !== 'string' &&
      !/"?anonymous"?: *\{/.test(setup.authenticationConfig ?? ''),
  },
  {
    row: 'empty user name',
    explains: (difference) =>
      isRefusedHereFor(difference, /^tokenFile: \S+: line \d+: the user name is empty$/),
  },
]

function isRefusedHereFor({ at, there, here }: Difference, reason: RegExp): boolean {
  return at === 'start' && there === 'starts' && reason.test(String(here))
}

/** Whether the uid headers differ from the one that kube-apiserver requires. */
function isWithoutUid({ at, here }: Difference, setup: RecordedStart['setup']): boolean {
  if (at !== 'start' || here !== 'starts' || typeof setup === 'string') return false
  const { uidHeaders = [] } = setup.requestHeader ?? {}
  return uidHeaders.length > 0 && !uidHeaders.some((name) => name.toLowerCase() === 'x-remote-uid')
}

function hasAuthority(setup: RecordedStart['setup'], name: string): boolean {
  return typeof setup !== 'string' && Array.isArray(setup.clientCA) && setup.clientCA.includes(name)
}

/** The names in the options of the proxy. */
function namesOf(setup: RecordedStart['setup']): readonly string[] {
  if (typeof setup === 'string') return []
  const { usernameHeaders = [], allowedNames = [] } = setup.requestHeader ?? {}
  return [...usernameHeaders, ...allowedNames]
}

function isPadded(name: string): boolean {
  return name !== name.trim()
}
