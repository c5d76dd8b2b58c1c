import { memberOf } from '@kube-authn/core/internal'
import { EXEC_VERSIONS } from '@kube-authn/node/internal'
import type { Tokens } from './token-cache.ts'

/** The last one that RFC 3339 can write. */
const LAST_TIME_MS = Date.UTC(9999, 11, 31, 23, 59, 59)

/**
 * The answer to a client, in the version of the API in which it asks.
 *
 * Source: client-go `pkg/apis/clientauthentication/v1/types.go`, `plugin/pkg/client/auth/exec/exec.go`.
 */
export function execCredential({ idToken, expiresAtMs }: Tokens, env: NodeJS.ProcessEnv): object {
  return {
    kind: 'ExecCredential',
    apiVersion: versionAskedFor(env['KUBERNETES_EXEC_INFO']),
    spec: { interactive: false },
    status: {
      token: idToken,
      expirationTimestamp: new Date(Math.min(expiresAtMs, LAST_TIME_MS))
        .toISOString()
        .replace(/\.\d+Z$/, 'Z'),
    },
  }
}

function versionAskedFor(info: string | undefined): string {
  const [newest] = EXEC_VERSIONS
  try {
    const version = memberOf(JSON.parse(info ?? ''), 'apiVersion')
    return EXEC_VERSIONS.find((each) => each === version) ?? newest
  } catch {
    return newest
  }
}
