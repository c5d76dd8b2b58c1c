import type { Explanation } from '../live-area.ts'
import type { RecordedCommandLine } from './command-lines.ts'

/** Why a server starts with other command lines. */
export const explainedCommandLines: readonly Explanation<RecordedCommandLine>[] = [
  {
    row: 'kubeconfig',
    explains: isRefusedHereFor(
      /^--(?:auth\w+(?:-token)?|audit)-webhook-config-file: (?:.*: Invalid value: must be an https URL|.*: Unknown field|.*: Invalid value: there is no user .*|(?:.*: )?Forbidden: plug-ins are not supported; .*)$/,
    ),
  },
  {
    row: 'flags',
    about: 'values that have no effect there',
    explains: isRefusedHereFor(
      /^--(?:\w+(?:-token)?-webhook-version: invalid argument for .* must be v1 or v1beta1|authorization-webhook-cache-\w+-ttl: must be 0 or more|audit-webhook-config-file: (?:maxBatchWait|initialBackoff)Seconds: must be above 0|oidc-ca-file: .* unable to parse bytes as PEM block|api-audiences: must not be empty)$/,
    ),
  },
  {
    row: 'flags',
    about: 'a mode is required, and Node is refused',
    explains: isRefusedHereFor(
      /^--authorization-mode: (?:the mode Node is not supported, .*|at least one authorization-mode must be passed, .*)$/,
    ),
  },
  {
    row: 'flags',
    about: 'service accounts are optional, and their signing key is not read',
    explains: ({ there, here }) =>
      here === 'starts' &&
      /^\[?(?:service-account-issuer is a required flag|--service-account-signing-key-file, --service-account-issuer, and |failed to (?:build token generator|parse service-account-issuer-key-file): )/.test(
        String(there),
      ),
  },
  {
    row: 'flags',
    about: 'flags of earlier releases are known',
    explains: ({ there, here }) =>
      here === 'starts' &&
      /^unknown flag: --(?:service-account-api-audiences|experimental-keystone-url)$/.test(String(there)),
  },
  {
    row: 'empty user name',
    explains: isRefusedHereFor(/^--token-auth-file: .*: line \d+: the user name is empty$/),
  },
  {
    row: 'request header configuration',
    explains: isRefusedHereFor(
      /^--requestheader-(?:allowed-names: must name the proxy; .*|\w+-headers: (?:covers the same header as \w+\[\d+\]|must be the name of a header))$/,
    ),
  },
  {
    row: 'audit policies',
    explains: isRefusedHereFor(/^--audit-policy-file: .*: Unknown field$/),
  },
  {
    row: 'audit files',
    explains: isRefusedHereFor(/^--audit-log-mode: blocking-strict is not supported: .*$/),
  },
]

/** Whether a server starts there, and all of our reasons not to are these. */
function isRefusedHereFor(reason: RegExp): Explanation<RecordedCommandLine>['explains'] {
  return ({ there, here }) =>
    there === 'starts' &&
    String(here)
      .split('\n')
      .every((line) => reason.test(line))
}
