import type { FileNotice } from '@kube-authn/core/internal'
import { listOfFlag, optionalString, type ParsedFlags, shownFlag } from '@kube-authn/node/internal'
import { gateSettings } from './gate-flags.ts'

/** What is noticed about flags that are used in part. */
export function servingNotices(flags: ParsedFlags): readonly FileNotice[] {
  return [
    ...(flags.ignored.length === 0
      ? []
      : [advice('flagsIgnored', `without effect here: ${flags.ignored.join(', ')}`)]),
    ...(gateSettings(flags).ignored.length === 0
      ? []
      : [
          advice(
            'gatesIgnored',
            `gates without effect here: ${gateSettings(flags).ignored.map(shownFlag).join(', ')}`,
          ),
        ]),
    ...(flags.ignored.includes('--etcd-servers')
      ? [advice('storeIsAFile', 'objects are not in etcd but in the store of --data-dir')]
      : []),
    ...(listOfFlag(flags, 'authorization-mode').includes('Node')
      ? [
          advice(
            'modeNode',
            'the mode Node is left out: there are no kubelets, and RBAC decides about their requests',
          ),
        ]
      : []),
    ...(optionalString(flags, 'client-ca-file') !== undefined &&
    optionalString(flags, 'cluster-signing-cert-file') === undefined
      ? [
          advice(
            'otherSigner',
            'certificate requests are signed by the CA of the data directory, not by one of --client-ca-file; both are accepted',
          ),
        ]
      : []),
  ]
}

function advice(code: string, message: string): FileNotice {
  return { severity: 'advice', code, message }
}
